-- The highest place ever given: rows after the checkpoint are never deleted, so one of the two is it.
SELECT max(coalesce((SELECT max(seq) FROM log), 0), (SELECT value FROM server_state WHERE name = 'checkpoint'))
