-- An invitation is good for one JOIN.
DELETE FROM invitations WHERE channel_id = ?1 AND user_id = ?2
