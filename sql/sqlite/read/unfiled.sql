-- The messages of a talk that are not filed yet, the newest first.
SELECT seq FROM log
WHERE seq > max(
        (SELECT value FROM server_state WHERE name = 'filed'),
        coalesce((SELECT seq FROM history WHERE owner = ?1 AND peer = ?2 ORDER BY seq DESC LIMIT 1), 0)
    )
  AND (owner = ?1 AND peer = ?2 OR owner = ?2 AND peer = ?1)
ORDER BY seq DESC
