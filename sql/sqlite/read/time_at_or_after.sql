-- The first entry at or after a place, and its time.
SELECT seq, at FROM log WHERE seq >= ?1 ORDER BY seq LIMIT 1
