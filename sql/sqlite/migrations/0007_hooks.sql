-- Hooks: secret addresses by which programs without a session speak in a channel.
PRAGMA user_version = 7;

-- They go with the life of their channel.
CREATE TABLE hooks (
    id          BLOB    PRIMARY KEY,
    channel_id  INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    -- SHA-256; the secret itself is shown once and never kept.
    secret_hash BLOB    NOT NULL,
    made_by     TEXT    NOT NULL,
    made_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hooks_by_channel ON hooks (channel_id);
