-- A run with further entries behind its newest.
UPDATE client_queues SET last_seq = ?3, entries = ?4, seqs = ?5 WHERE client_id = ?1 AND last_seq = ?2
