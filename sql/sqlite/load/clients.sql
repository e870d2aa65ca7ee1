-- Every device, with what the disk has of its queue.
SELECT id, user_id, uuid, token_hash, address, created_at, seen_at, acked_seq, settled_seq, stored_entries,
       dropped_entries, dropped_seq, dropped_at, is_connection
FROM clients ORDER BY id
