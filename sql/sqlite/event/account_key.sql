-- The key of an account is that of its session.
UPDATE accounts
SET signing_key = (SELECT signing_key FROM users WHERE account_id = accounts.id)
WHERE id = (SELECT account_id FROM users WHERE id = ?1)
