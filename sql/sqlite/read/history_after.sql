-- The oldest messages of a talk after a place.
SELECT seq FROM history WHERE owner = ?1 AND peer = ?2 AND seq < ?3 AND seq > ?4 ORDER BY seq LIMIT ?5
