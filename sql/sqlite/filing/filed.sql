-- How far the log is filed: all of it.
UPDATE server_state SET value = max(value, (SELECT coalesce(max(seq), 0) FROM log)) WHERE name = 'filed' RETURNING value
