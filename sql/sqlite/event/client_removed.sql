-- A device was logged out; its queue goes with it.
DELETE FROM clients WHERE id = ?1
