-- Uuids have 16 bytes, hashes of tokens 32.
SELECT format('session %d: its uuid has %d bytes', id, length(uuid)) FROM users WHERE length(uuid) <> 16
UNION ALL
SELECT format('client %d: uuid of %d bytes, hash of %d', id, length(uuid), length(token_hash)) FROM clients
WHERE length(uuid) <> 16 OR length(token_hash) <> 32
