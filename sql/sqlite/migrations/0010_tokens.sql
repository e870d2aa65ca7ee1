-- Tokens are looked up in memory, and an index of them on disk has a page to be written for nearly every new device, since
-- they come in no order. So the table is made anew without one. What belongs to its rows stays: see store/sqlite/schema.rs.
PRAGMA user_version = 10;

CREATE TABLE new_clients (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    uuid            BLOB    NOT NULL UNIQUE,
    -- SHA-256.
    token_hash      BLOB    NOT NULL,
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
    dropped_at      INTEGER NOT NULL DEFAULT 0,
    -- Whether it is a connection, and ends with the process at the latest.
    is_connection   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO new_clients SELECT
    id, user_id, uuid, token_hash, address, created_at, seen_at, acked_seq, settled_seq, stored_entries,
    dropped_entries, dropped_seq, dropped_at, is_connection
FROM clients;
DROP TABLE clients;
ALTER TABLE new_clients RENAME TO clients;
CREATE INDEX clients_by_user ON clients (user_id);
