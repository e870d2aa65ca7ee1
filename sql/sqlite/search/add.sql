-- One message.
INSERT INTO said (rowid, keys, text) VALUES (?1, ?2, ?3)
