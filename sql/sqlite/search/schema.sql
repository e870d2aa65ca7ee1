-- The index, in a file of its own. It keeps no text, only which words are in which message, by its place in the log.
-- keys has whose talk it is and who said it; nobody can search in there.
CREATE VIRTUAL TABLE said USING fts5(
    keys, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Single numbers: how far the log is in the index, and how far the index has been held against the log.
CREATE TABLE state (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO state (name, value) VALUES ('indexed', 0), ('swept', 0);
PRAGMA user_version = 1;
