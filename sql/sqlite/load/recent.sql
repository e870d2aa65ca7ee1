-- The log after the checkpoint, with its audiences.
SELECT log.seq, log.at, log.lasting, log.reader, log.line, coalesce(log.clients, audiences.clients)
FROM log LEFT JOIN audiences USING (seq)
WHERE log.seq > (SELECT value FROM server_state WHERE name = 'checkpoint')
ORDER BY log.seq
