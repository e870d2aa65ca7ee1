-- Somebody came.
INSERT INTO users (id, uuid, nick, username, realname, hostname, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
