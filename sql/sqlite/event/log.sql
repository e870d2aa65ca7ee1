-- One message.
INSERT INTO log (seq, at, lasting, reader, line) VALUES (?1, ?2, ?3, ?4, ?5)
