-- A single number.
UPDATE server_state SET value = ?2 WHERE name = ?1
