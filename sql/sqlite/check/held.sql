-- A row that is held is there.
SELECT format('message %d is held, but not in the log', seq) FROM held
WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.seq = held.seq)
