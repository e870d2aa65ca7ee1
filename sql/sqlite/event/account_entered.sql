-- A session is that of an account from now on: it has its password, and its key where there is one.
UPDATE users
SET account_id = ?2,
    password_hash = (SELECT password_hash FROM accounts WHERE id = ?2),
    signing_key = coalesce((SELECT signing_key FROM accounts WHERE id = ?2), signing_key)
WHERE id = ?1
