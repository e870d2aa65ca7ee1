-- What the disk has of a client's queue.
UPDATE clients
SET acked_seq = ?2, settled_seq = ?3, stored_entries = ?4, dropped_entries = ?5, dropped_seq = ?6,
    dropped_at = ?7, seen_at = ?8
WHERE id = ?1
