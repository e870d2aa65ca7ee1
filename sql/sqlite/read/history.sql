-- The newest messages of a talk before a place.
SELECT log.seq, log.line FROM history JOIN log USING (seq)
WHERE history.owner = ?1 AND history.peer = ?2 AND history.seq < ?3 AND history.seq > ?4
ORDER BY history.seq DESC LIMIT ?5
