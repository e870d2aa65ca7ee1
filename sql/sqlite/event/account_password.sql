-- The password of an account is that of its session.
UPDATE accounts
SET password_hash = (SELECT password_hash FROM users WHERE account_id = accounts.id)
WHERE id = (SELECT account_id FROM users WHERE id = ?1)
