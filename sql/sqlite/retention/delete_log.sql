-- A row of the log that nobody can ask for any more.
DELETE FROM log WHERE seq = ?1
