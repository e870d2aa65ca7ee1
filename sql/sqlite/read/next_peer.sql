-- The next of those whom a session has talked to.
SELECT peer FROM history WHERE owner = ?1 AND peer > ?2 ORDER BY peer LIMIT 1
