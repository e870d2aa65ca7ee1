-- Messages of a talk that its history no longer shows, the oldest first.
SELECT seq FROM history WHERE owner = ?1 AND peer = ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4
