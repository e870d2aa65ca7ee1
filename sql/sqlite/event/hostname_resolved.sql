-- Reverse DNS found a name.
UPDATE users SET hostname = ?2 WHERE id = ?1
