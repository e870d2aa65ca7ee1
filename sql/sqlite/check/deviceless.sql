-- A session ends with its last client.
SELECT format('session %d (%s) has no client', id, nick) FROM users
WHERE NOT EXISTS (SELECT 1 FROM clients WHERE user_id = users.id)
