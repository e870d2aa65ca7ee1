-- The number that the next user, client or channel gets.
SELECT value FROM server_state WHERE name = 'next_id'
