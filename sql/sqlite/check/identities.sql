-- Uuids have 16 bytes, hashes of tokens and stamps 32; no two clients have the same token.
SELECT format('session %d: its uuid has %d bytes', id, length(uuid)) FROM users WHERE length(uuid) <> 16
UNION ALL
SELECT format('client %d: uuid of %d bytes, hash of %d', id, length(uuid), length(token_hash)) FROM clients
WHERE length(uuid) <> 16 OR length(token_hash) <> 32
UNION ALL
SELECT format('a spent stamp has a hash of %d bytes', length(hash)) FROM spent_stamps WHERE length(hash) <> 32
UNION ALL
SELECT format('clients %s have the same token', group_concat(id, ' and ')) FROM clients GROUP BY token_hash HAVING count(*) > 1
