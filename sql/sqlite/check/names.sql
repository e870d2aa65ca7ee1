-- Every name with its kind.
SELECT 'nick', nick FROM users UNION ALL SELECT 'username', username FROM users
UNION ALL SELECT 'channel', name FROM channels UNION ALL SELECT 'address', address FROM clients
