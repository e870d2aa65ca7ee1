-- A session ended; its memberships and invitations go with it.
DELETE FROM users WHERE id = ?1
