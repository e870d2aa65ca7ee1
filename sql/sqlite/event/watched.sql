-- A session watches a nick.
INSERT OR IGNORE INTO watches (user_id, nick) VALUES (?1, ?2)
