-- Mode k.
UPDATE channels SET key = ?2 WHERE id = ?1
