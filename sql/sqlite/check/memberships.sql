-- A membership or an invitation ties a session to a channel, and both are there.
SELECT format('%s of session %d in channel %d: one of the two is missing', what, user_id, channel_id)
FROM (SELECT 'membership' AS what, user_id, channel_id FROM memberships
      UNION ALL SELECT 'invitation', user_id, channel_id FROM invitations)
WHERE user_id NOT IN (SELECT id FROM users) OR channel_id NOT IN (SELECT id FROM channels)
