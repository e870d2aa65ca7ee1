-- How far the next step of pruning goes, and over how many rows: at most so many, and never past the checkpoint.
SELECT coalesce(max(seq), 0), count(*) FROM (
    SELECT seq FROM log
    WHERE seq > (SELECT value FROM server_state WHERE name = 'pruned')
      AND seq <= (SELECT value FROM server_state WHERE name = 'checkpoint')
    ORDER BY seq LIMIT ?1)
