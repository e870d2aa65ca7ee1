-- The places between which a queue has something on disk: after the first, and not after the second.
SELECT coalesce(min(first_seq) - 1, 0), coalesce(max(last_seq), 0) FROM client_queues WHERE client_id = ?1
