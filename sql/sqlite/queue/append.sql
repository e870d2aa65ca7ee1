-- A run of entries that a client has not acknowledged in time.
INSERT INTO client_queues (client_id, last_seq, first_seq, entries, seqs) VALUES (?1, ?2, ?3, ?4, ?5)
