-- The first schema. Times are nanoseconds since 1970 in UTC; ids come from one counter and are never reused.
PRAGMA user_version = 1;

-- Sessions.
CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    uuid       BLOB    NOT NULL UNIQUE,
    nick       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    username   TEXT    NOT NULL,
    hostname   TEXT    NOT NULL,
    away       TEXT,
    invisible  INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

-- Devices of sessions, and what the disk has of their queues.
CREATE TABLE clients (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    uuid            BLOB    NOT NULL UNIQUE,
    token_hash      BLOB    NOT NULL UNIQUE,
    address         TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL,
    -- Everything up to here has been acknowledged.
    acked_seq       INTEGER NOT NULL DEFAULT 0,
    -- Everything up to here is acknowledged or in client_queues.
    settled_seq     INTEGER NOT NULL DEFAULT 0,
    -- Entries in client_queues.
    stored_entries  INTEGER NOT NULL DEFAULT 0,
    -- What was cut off and not yet told of.
    dropped_entries INTEGER NOT NULL DEFAULT 0,
    dropped_seq     INTEGER NOT NULL DEFAULT 0,
    dropped_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX clients_by_user ON clients (user_id);

-- Channels, each for one life.
CREATE TABLE channels (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    created_at   INTEGER NOT NULL,
    topic        TEXT,
    topic_set_by TEXT,
    topic_set_at INTEGER,
    invite_only  INTEGER NOT NULL DEFAULT 0,
    moderated    INTEGER NOT NULL DEFAULT 0,
    no_external  INTEGER NOT NULL DEFAULT 1,
    secret       INTEGER NOT NULL DEFAULT 0,
    topic_locked INTEGER NOT NULL DEFAULT 1,
    key          TEXT,
    user_limit   INTEGER
) STRICT;

-- Who is where, with which rank.
CREATE TABLE memberships (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    operator   INTEGER NOT NULL DEFAULT 0,
    voice      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id);

-- Who may pass +i once.
CREATE TABLE invitations (
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_user ON invitations (user_id);

-- Every message, once. A row lives while a history shows it, a queue needs it, or the checkpoint is before it.
CREATE TABLE log (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    -- Whether a history shows it.
    lasting INTEGER NOT NULL,
    -- The one client that it is for; NULL when audiences has them.
    reader  INTEGER,
    line    BLOB    NOT NULL
) STRICT;

-- Who was to hear an entry of the log after the checkpoint, packed as in store/sqlite/packed.rs.
CREATE TABLE audiences (
    seq     INTEGER PRIMARY KEY,
    clients BLOB NOT NULL
) STRICT;

-- What belongs to which talk. A channel's has owner = its id and peer = 0; a talk between two sessions stands
-- here twice, once under each.
CREATE TABLE history (
    owner INTEGER NOT NULL,
    peer  INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (owner, peer, seq)
) STRICT, WITHOUT ROWID;

-- Channels and sessions that have ended and whose history is still to be cleared away.
CREATE TABLE forgotten (
    owner INTEGER PRIMARY KEY
) STRICT;

-- What clients have not acknowledged in time: runs of places in the log, packed as in store/sqlite/packed.rs.
CREATE TABLE client_queues (
    client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    last_seq  INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    entries   INTEGER NOT NULL,
    seqs      BLOB    NOT NULL,
    PRIMARY KEY (client_id, last_seq)
) STRICT, WITHOUT ROWID;

-- Log rows that client_queues may name and no history shows.
CREATE TABLE held (
    seq INTEGER PRIMARY KEY
) STRICT;

-- Responses to repeat when a request comes again under its Idempotency-Key.
CREATE TABLE outcomes (
    client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    key       TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    response  TEXT    NOT NULL,
    PRIMARY KEY (client_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outcomes_by_age ON outcomes (at);

-- Single numbers: next_id, the checkpoint (every audience before it is settled), and how far the log behind
-- it has been pruned.
CREATE TABLE server_state (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO server_state (name, value) VALUES ('next_id', 1), ('checkpoint', 0), ('pruned', 0);
