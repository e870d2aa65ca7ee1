-- A member left, or was made to.
DELETE FROM memberships WHERE channel_id = ?1 AND user_id = ?2
