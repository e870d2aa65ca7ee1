-- A marker gave way to a newer one.
DELETE FROM markers WHERE owner = ?1 AND target = ?2
