-- A session published the key that it signs with.
UPDATE users SET signing_key = ?2 WHERE id = ?1
