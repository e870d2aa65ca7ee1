-- What of a stretch of the log is in a history, in the main database. Beyond what histories show there is what is yet to be cleared away.
SELECT seq FROM log
WHERE seq > ?1 AND seq <= ?2 AND lasting AND NOT EXISTS (SELECT 1 FROM held WHERE held.seq = log.seq)
