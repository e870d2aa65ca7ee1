-- Leaves out numbers that users, clients and channels may have had after the backup was made.
UPDATE server_state SET value = ?1 WHERE name = 'next_id'
