-- The first entry at or after a place.
SELECT seq, line FROM log WHERE seq >= ?1 ORDER BY seq LIMIT 1
