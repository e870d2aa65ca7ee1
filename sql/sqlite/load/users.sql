-- Every session.
SELECT id, uuid, nick, username, hostname, away, invisible, created_at FROM users ORDER BY id
