-- Who may pass +i.
SELECT channel_id, user_id FROM invitations
