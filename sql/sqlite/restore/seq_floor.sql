-- The next message gets a place above this one, whatever the log has.
INSERT INTO server_state (name, value) VALUES ('seq_floor', ?1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
