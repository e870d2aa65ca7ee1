-- One message that answers one client, and stands in no history.
INSERT INTO log (seq, at, lasting, reader, line) VALUES (?1, ?2, 0, ?3, ?4)
