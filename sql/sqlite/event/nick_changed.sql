-- A session goes by another nick.
UPDATE users SET nick = ?2 WHERE id = ?1
