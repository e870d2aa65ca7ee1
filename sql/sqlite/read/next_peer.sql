-- The next of those whom a session has talked to, from the one who came last to the first.
SELECT peer FROM history WHERE owner = ?1 AND peer > 0 AND peer < ?2 ORDER BY peer DESC LIMIT 1
