-- Every account.
SELECT id, name, password_hash, signing_key, created_at FROM accounts ORDER BY id
