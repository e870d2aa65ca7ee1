-- Clients that are connections, and end with the process at the latest.
PRAGMA user_version = 4;

ALTER TABLE clients ADD COLUMN is_connection INTEGER NOT NULL DEFAULT 0;
