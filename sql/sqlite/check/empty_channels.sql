-- A channel lives while somebody is in it.
SELECT format('channel %d (%s) has no member', id, name) FROM channels
WHERE NOT EXISTS (SELECT 1 FROM memberships WHERE channel_id = channels.id)
