-- Audiences before the checkpoint: whoever had yet to hear those entries has them in a queue.
DELETE FROM audiences WHERE seq IN (
    SELECT seq FROM audiences
    WHERE seq <= (SELECT value FROM server_state WHERE name = 'checkpoint') ORDER BY seq LIMIT ?1)
