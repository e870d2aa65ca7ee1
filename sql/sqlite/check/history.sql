-- A history names messages that are in the log and marked as lasting, and belongs to somebody.
SELECT format('history of %d: message %d is not in the log', owner, seq) FROM history
WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.seq = history.seq AND lasting)
UNION ALL
SELECT format('history of %d, which is neither a session nor a channel', owner)
FROM (SELECT DISTINCT owner FROM history)
WHERE owner NOT IN (SELECT id FROM users UNION SELECT id FROM channels UNION SELECT owner FROM forgotten)
