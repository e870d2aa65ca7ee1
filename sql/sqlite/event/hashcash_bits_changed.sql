-- Mode H.
UPDATE channels SET hashcash_bits = ?2 WHERE id = ?1
