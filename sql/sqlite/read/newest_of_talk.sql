-- The newest message of a talk that is filed.
SELECT max(seq) FROM history WHERE owner = ?1 AND peer = ?2
