-- How far the server's running time has come.
INSERT INTO server_state (name, value) VALUES ('ran_until', ?1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
