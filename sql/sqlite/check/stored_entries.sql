-- The count of a queue is that of its runs.
SELECT format('client %d: %d entries are counted, %d are there', id, stored_entries, there)
FROM (SELECT id, stored_entries,
             (SELECT coalesce(sum(entries), 0) FROM client_queues WHERE client_id = clients.id) AS there
      FROM clients)
WHERE stored_entries <> there
