-- A user became a member.
INSERT INTO memberships (channel_id, user_id, operator, voice) VALUES (?1, ?2, ?3, ?4)
