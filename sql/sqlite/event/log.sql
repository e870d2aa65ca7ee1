-- One message.
INSERT INTO log (seq, at, lasting, reader, line, owner, peer, clients, source, by_client, marks, account, realname)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
