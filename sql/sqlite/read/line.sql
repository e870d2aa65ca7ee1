-- One message.
SELECT line FROM log WHERE seq = ?1
