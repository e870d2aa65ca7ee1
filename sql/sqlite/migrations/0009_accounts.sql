-- Accounts: what of a session lasts when it has ended. And read markers, with or without an account.
PRAGMA user_version = 9;

-- Whose nick is kept for it.
CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    -- Argon2id with salt and parameters, in the PHC form. Its session has the same.
    password_hash TEXT    NOT NULL,
    -- Ed25519, in base64. Its session has the same.
    signing_key   TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

-- An account has one session at most.
ALTER TABLE users ADD COLUMN account_id INTEGER REFERENCES accounts (id);
CREATE UNIQUE INDEX users_by_account ON users (account_id) WHERE account_id IS NOT NULL;
-- Mode S: the session of an account stays when its last device goes.
ALTER TABLE users ADD COLUMN stays INTEGER NOT NULL DEFAULT 0;
-- Since when it had no device, in running time, when that was last so.
ALTER TABLE users ADD COLUMN left_at INTEGER;
-- What is said of it meanwhile; NULL where it had said something itself.
ALTER TABLE users ADD COLUMN left_away TEXT;

-- How far somebody has read where.
CREATE TABLE markers (
    -- An account, or a session without one: their numbers come from one counter.
    owner  INTEGER NOT NULL,
    target TEXT    NOT NULL COLLATE NOCASE,
    at     INTEGER NOT NULL,
    PRIMARY KEY (owner, target)
) STRICT, WITHOUT ROWID;

-- The account of whoever brought a message about, and its realname where it came into a channel.
ALTER TABLE log ADD COLUMN account TEXT;
ALTER TABLE log ADD COLUMN realname TEXT;
