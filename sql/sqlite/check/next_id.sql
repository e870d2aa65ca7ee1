-- The counter of users, clients, channels and accounts is above all that it gave.
SELECT format('next_id is %d, but %d is in use in %s', server_state.value, used.id, used.what)
FROM server_state JOIN (
    SELECT max(id) AS id, 'users' AS what FROM users
    UNION ALL SELECT max(id), 'clients' FROM clients
    UNION ALL SELECT max(id), 'channels' FROM channels
    UNION ALL SELECT max(id), 'accounts' FROM accounts
    UNION ALL SELECT max(owner), 'history' FROM history
    UNION ALL SELECT max(owner), 'forgotten' FROM forgotten) AS used
WHERE server_state.name = 'next_id' AND used.id >= server_state.value
