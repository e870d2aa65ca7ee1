-- A run of entries that a client has not acknowledged in time, unless it has gone in the same batch.
INSERT INTO client_queues (client_id, last_seq, first_seq, entries, seqs)
SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM clients WHERE id = ?1)
