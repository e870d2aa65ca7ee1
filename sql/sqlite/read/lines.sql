-- The messages between two places.
SELECT seq, line FROM log WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq
