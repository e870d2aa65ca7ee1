-- Where a start begins to read the log.
SELECT value FROM server_state WHERE name = 'checkpoint'
