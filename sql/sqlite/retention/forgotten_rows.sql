-- Its messages.
SELECT peer, seq FROM history WHERE owner = ?1 LIMIT ?2
