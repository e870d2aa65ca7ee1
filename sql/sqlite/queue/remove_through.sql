-- Runs that lie wholly before a place.
DELETE FROM client_queues WHERE client_id = ?1 AND last_seq <= ?2 RETURNING entries, last_seq
