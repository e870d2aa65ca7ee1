-- What of a stretch of the log histories show, in the main database, or are about to show no more: it is cleared away soon.
SELECT seq FROM log
WHERE seq > ?1 AND seq <= ?2 AND lasting AND NOT EXISTS (SELECT 1 FROM held WHERE held.seq = log.seq)
