-- The messages of a talk that are not filed yet, the newest first.
SELECT seq FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed')
  AND (owner = ?1 AND peer = ?2 OR owner = ?2 AND peer = ?1)
ORDER BY seq DESC
