-- The modes of a channel as they are now.
UPDATE channels
SET invite_only = coalesce(?2, invite_only), moderated = coalesce(?3, moderated),
    no_external = coalesce(?4, no_external), secret = coalesce(?5, secret),
    topic_locked = coalesce(?6, topic_locked)
WHERE id = ?1
