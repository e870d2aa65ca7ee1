-- Every session.
SELECT id, uuid, nick, username, hostname, away, created_at, realname, signing_key, bot, invisible, operator, wallops
FROM users ORDER BY id
