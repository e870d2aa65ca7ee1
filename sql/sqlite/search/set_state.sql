-- A single number from now on.
UPDATE state SET value = ?2 WHERE name = ?1
