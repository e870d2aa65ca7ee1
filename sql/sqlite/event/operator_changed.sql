-- Rank o of a member.
UPDATE memberships SET operator = ?3 WHERE channel_id = ?1 AND user_id = ?2
