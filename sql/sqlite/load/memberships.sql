-- Who is where, with which rank.
SELECT channel_id, user_id, operator, voice FROM memberships ORDER BY channel_id, user_id
