-- A message that a history shows, in the main database, with its talk. What was said last waits to be filed, and what is
-- about to be cleared away shows no more.
SELECT log.owner, log.peer, log.line FROM log
WHERE log.seq = ?1 AND log.lasting AND log.owner IS NOT NULL
AND (
    EXISTS (
        SELECT 1 FROM history
        WHERE history.owner = log.owner AND history.peer = log.peer AND history.seq = log.seq
    )
    OR log.seq > max(
        (SELECT value FROM server_state WHERE name = 'filed'),
        coalesce((
            SELECT history.seq FROM history
            WHERE history.owner = log.owner AND history.peer = log.peer ORDER BY history.seq DESC LIMIT 1
        ), 0)
    )
)
AND NOT EXISTS (SELECT 1 FROM forgotten WHERE forgotten.owner IN (log.owner, log.peer))
