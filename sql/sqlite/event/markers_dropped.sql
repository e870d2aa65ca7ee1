-- The markers of a session or an account that is no more.
DELETE FROM markers WHERE owner = ?1
