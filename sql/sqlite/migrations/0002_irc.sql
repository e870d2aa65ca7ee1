-- The whole of IRC: lists of masks, proof of work in channels, user modes, realnames, keys, MONITOR, WHOWAS.
PRAGMA user_version = 2;

-- The username stands in for a realname that was never given.
ALTER TABLE users ADD COLUMN realname TEXT NOT NULL DEFAULT '';
UPDATE users SET realname = username;
ALTER TABLE users ADD COLUMN bot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN wallops INTEGER NOT NULL DEFAULT 0;
-- Ed25519, in base64.
ALTER TABLE users ADD COLUMN signing_key TEXT;

ALTER TABLE channels ADD COLUMN hashcash_bits INTEGER;

-- The lists b, e and I of channels.
CREATE TABLE channel_masks (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    list       TEXT    NOT NULL CHECK (list IN ('b', 'e', 'I')),
    mask       TEXT    NOT NULL COLLATE NOCASE,
    set_by     TEXT    NOT NULL,
    set_at     INTEGER NOT NULL,
    PRIMARY KEY (channel_id, list, mask)
) STRICT, WITHOUT ROWID;

-- Which nicks a session watches with MONITOR.
CREATE TABLE watches (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    nick    TEXT    NOT NULL COLLATE NOCASE,
    PRIMARY KEY (user_id, nick)
) STRICT, WITHOUT ROWID;

-- Who gave up which nick, the newest of them, for WHOWAS.
CREATE TABLE past_nicks (
    id       INTEGER PRIMARY KEY,
    nick     TEXT    NOT NULL,
    username TEXT    NOT NULL,
    hostname TEXT    NOT NULL,
    realname TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- Stamps of hashcash that were spent, by their SHA-256, until nobody could present them again.
CREATE TABLE spent_stamps (
    hash       BLOB    PRIMARY KEY,
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_stamps_by_age ON spent_stamps (kept_until);
