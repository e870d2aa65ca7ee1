-- A message is told once it is in the log; the tables that only find it again come after, many rows at once.
PRAGMA user_version = 5;

-- Whose talk a message belongs to, as in history; NULL where it belongs to none, or was filed before this migration.
ALTER TABLE log ADD COLUMN owner INTEGER;
ALTER TABLE log ADD COLUMN peer INTEGER;
-- Who was to hear it, where these are few; packed as in audiences, which has the many.
ALTER TABLE log ADD COLUMN clients BLOB;

-- Up to here, the talks of the log stand in history.
INSERT INTO server_state (name, value) SELECT 'filed', coalesce(max(seq), 0) FROM log;
