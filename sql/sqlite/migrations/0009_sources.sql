-- Who brought a message about, as connections show it: whoever reads it later sees the mask of that time.
PRAGMA user_version = 9;

-- nick!user@host; NULL where the server itself speaks, and before this migration.
ALTER TABLE log ADD COLUMN source TEXT;
-- The device that asked for it.
ALTER TABLE log ADD COLUMN by_client INTEGER;
-- 1: a bot; 2: for those who watch a nick and share no channel.
ALTER TABLE log ADD COLUMN marks INTEGER;
