-- The highest place ever given: rows after the checkpoint are never deleted, so one of the two is it; after a
-- restore from a backup, no place at or below the floor is given again.
SELECT max(coalesce((SELECT max(seq) FROM log), 0),
           (SELECT value FROM server_state WHERE name = 'checkpoint'),
           coalesce((SELECT value FROM server_state WHERE name = 'seq_floor'), 0))
