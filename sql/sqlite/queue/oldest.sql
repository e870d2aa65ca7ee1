-- The oldest run.
SELECT first_seq, last_seq, entries, seqs FROM client_queues WHERE client_id = ?1 ORDER BY last_seq LIMIT 1
