-- Passwords, by which other devices come into a session.
PRAGMA user_version = 3;

-- Argon2id with salt and parameters, in the PHC form; NULL until the session has set one.
ALTER TABLE users ADD COLUMN password_hash TEXT;
