-- The runs of a client's queue that reach past a place, the oldest first.
SELECT first_seq, last_seq, entries, seqs FROM client_queues WHERE client_id = ?1 AND last_seq > ?2 AND first_seq <= ?3
ORDER BY last_seq LIMIT ?4
