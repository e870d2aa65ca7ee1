-- Every session.
SELECT id, uuid, nick, username, hostname, away, created_at, realname, signing_key, bot, stays, invisible, operator,
       wallops, password_hash, account_id, left_at, left_away
FROM users ORDER BY id
