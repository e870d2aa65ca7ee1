-- A hook is no longer.
DELETE FROM hooks WHERE id = ?1;
