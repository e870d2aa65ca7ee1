-- Somebody came.
INSERT INTO users (id, uuid, nick, username, hostname, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
