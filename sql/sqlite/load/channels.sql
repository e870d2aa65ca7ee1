-- Every channel with its modes.
SELECT id, name, created_at, topic, topic_set_by, topic_set_at, invite_only, moderated, no_external, secret,
       topic_locked, key, user_limit, hashcash_bits
FROM channels ORDER BY id
