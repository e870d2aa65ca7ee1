-- A stretch of what is held, each with whether it is for this client alone, in whose queue on disk it is not any more.
SELECT held.seq, log.reader IS NOT NULL AND log.reader = ?1 AND NOT log.lasting AND NOT EXISTS (
    SELECT 1 FROM client_queues AS runs
    WHERE runs.client_id = ?1 AND runs.last_seq >= held.seq AND runs.first_seq <= held.seq
)
FROM held JOIN log ON log.seq = held.seq
WHERE held.seq > ?2 AND held.seq <= ?3
ORDER BY held.seq LIMIT ?4
