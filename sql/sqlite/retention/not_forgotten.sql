-- Nothing is left of it.
DELETE FROM forgotten WHERE owner = ?1
