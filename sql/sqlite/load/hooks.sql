-- Every hook.
SELECT id, channel_id, name, secret_hash, made_by, made_at FROM hooks;
