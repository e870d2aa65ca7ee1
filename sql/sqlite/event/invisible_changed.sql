-- User mode i.
UPDATE users SET invisible = ?2 WHERE id = ?1
