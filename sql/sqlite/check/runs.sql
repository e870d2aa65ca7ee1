-- Every run of every queue.
SELECT client_id, first_seq, last_seq, entries, seqs FROM client_queues
