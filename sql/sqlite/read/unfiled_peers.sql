-- Those whom a session has talked to, as far as that may not be filed yet, each with the place of the last that was said.
SELECT iif(owner = ?1, peer, owner) AS other, max(seq) FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND (owner = ?1 AND peer > 0 OR peer = ?1)
GROUP BY other
