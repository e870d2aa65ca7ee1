-- The next of those whom a session has talked to, and the place of the last that was said, from one session to the one before.
SELECT peer, (
    SELECT newest.seq FROM history AS newest
    WHERE newest.owner = ?1 AND newest.peer = history.peer ORDER BY newest.seq DESC LIMIT 1
)
FROM history WHERE owner = ?1 AND peer > 0 AND peer < ?2 ORDER BY peer DESC LIMIT 1
