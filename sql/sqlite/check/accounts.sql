-- A session has the password and the key of its account, and nobody but it the nick. A marker is somebody's.
SELECT format('session %d (%s) has another password or key than its account', users.id, nick)
FROM users JOIN accounts ON accounts.id = account_id
WHERE users.password_hash IS NOT accounts.password_hash OR users.signing_key IS NOT accounts.signing_key
UNION ALL
SELECT format('session %d goes by %s, which is kept for account %d', users.id, nick, accounts.id)
FROM users JOIN accounts ON accounts.name = users.nick
WHERE account_id IS NOT accounts.id
UNION ALL
SELECT format('a marker of %d is nobody''s', owner) FROM markers
WHERE owner NOT IN (SELECT id FROM users WHERE account_id IS NULL) AND owner NOT IN (SELECT id FROM accounts)
