-- A session has no account any more, which is about to be dropped.
UPDATE users SET account_id = NULL WHERE account_id = ?1
