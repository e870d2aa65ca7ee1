-- The newest message of a talk that its history no longer shows.
SELECT seq FROM history WHERE owner = ?1 AND peer = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3
