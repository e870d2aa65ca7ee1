-- A message leaves a history.
DELETE FROM history WHERE owner = ?1 AND peer = ?2 AND seq = ?3
