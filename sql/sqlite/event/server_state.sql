-- A single number, which never gets less.
UPDATE server_state SET value = max(value, ?2) WHERE name = ?1
