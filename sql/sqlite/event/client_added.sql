-- A session got one more device.
INSERT INTO clients (id, user_id, uuid, token_hash, address, created_at, seen_at, is_connection)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
