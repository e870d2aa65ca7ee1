-- A session ends with its last client, unless it is that of an account and stays.
SELECT format('session %d (%s) has no client', id, nick) FROM users
WHERE NOT EXISTS (SELECT 1 FROM clients WHERE user_id = users.id)
  AND (account_id IS NULL OR left_at IS NULL)
