-- A channel got a hook.
INSERT INTO hooks (id, channel_id, name, secret_hash, made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
