-- One message, with whoever brought it about.
SELECT line, source, by_client, marks, account, realname FROM log WHERE seq = ?1
