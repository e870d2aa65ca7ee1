-- A user may pass +i once.
INSERT OR IGNORE INTO invitations (channel_id, user_id) VALUES (?1, ?2)
