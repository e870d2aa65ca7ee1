-- A session goes by another realname.
UPDATE users SET realname = ?2 WHERE id = ?1
