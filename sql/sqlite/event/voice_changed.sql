-- Rank v of a member.
UPDATE memberships SET voice = ?3 WHERE channel_id = ?1 AND user_id = ?2
