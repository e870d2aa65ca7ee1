-- How far the next step of pruning goes: at most so many rows on, and never past the checkpoint.
SELECT coalesce(max(seq), 0) FROM (
    SELECT seq FROM log
    WHERE seq > (SELECT value FROM server_state WHERE name = 'pruned')
      AND seq <= (SELECT value FROM server_state WHERE name = 'checkpoint')
    ORDER BY seq LIMIT ?1)
