-- A channel began.
INSERT INTO channels (id, name, created_at) VALUES (?1, ?2, ?3)
