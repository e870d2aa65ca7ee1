-- An account was dropped; its nick is anybody's.
DELETE FROM accounts WHERE id = ?1
