-- Uuids have 16 bytes, hashes of tokens and stamps 32.
SELECT format('session %d: its uuid has %d bytes', id, length(uuid)) FROM users WHERE length(uuid) <> 16
UNION ALL
SELECT format('client %d: uuid of %d bytes, hash of %d', id, length(uuid), length(token_hash)) FROM clients
WHERE length(uuid) <> 16 OR length(token_hash) <> 32
UNION ALL
SELECT format('a spent stamp has a hash of %d bytes', length(hash)) FROM spent_stamps WHERE length(hash) <> 32
