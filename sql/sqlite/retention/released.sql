-- Held rows that no queue needs any more.
SELECT seq FROM held WHERE seq < ?1 ORDER BY seq LIMIT ?2
