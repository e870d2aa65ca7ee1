-- A run without its oldest entries.
UPDATE client_queues SET first_seq = ?3, entries = ?4, seqs = ?5 WHERE client_id = ?1 AND last_seq = ?2
