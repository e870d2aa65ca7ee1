-- After the checkpoint it is known of each message whom it was for.
SELECT format('message %d: nobody knows whom it was for', seq) FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'checkpoint') AND reader IS NULL AND clients IS NULL
  AND NOT EXISTS (SELECT 1 FROM audiences WHERE audiences.seq = log.seq)
