-- A row is no longer held.
DELETE FROM held WHERE seq = ?1
