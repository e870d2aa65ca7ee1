-- A stretch of what is held, each with whether it is for one client alone, in whose queue on disk it is not any more.
-- What comes after the checkpoint is in queues that are in memory alone.
SELECT held.seq, log.reader IS NOT NULL AND NOT log.lasting AND NOT EXISTS (
    SELECT 1 FROM client_queues AS runs
    WHERE runs.client_id = log.reader AND runs.last_seq >= held.seq AND runs.first_seq <= held.seq
)
FROM held JOIN log ON log.seq = held.seq
WHERE held.seq > ?1 AND held.seq <= (SELECT value FROM server_state WHERE name = 'checkpoint')
ORDER BY held.seq LIMIT ?2
