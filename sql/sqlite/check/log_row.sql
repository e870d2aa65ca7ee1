-- Whether a message is in the log.
SELECT EXISTS (SELECT 1 FROM log WHERE seq = ?1)
