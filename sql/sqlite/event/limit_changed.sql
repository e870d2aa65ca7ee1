-- Mode l.
UPDATE channels SET user_limit = ?2 WHERE id = ?1
