-- Those whom a session has talked to, as far as that may not be filed yet.
SELECT DISTINCT iif(owner = ?1, peer, owner) FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND (owner = ?1 AND peer > 0 OR peer = ?1)
