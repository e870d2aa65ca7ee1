-- No queue knows of a place that was never given (?1 is the newest), and none is settled behind its runs.
SELECT format('client %d: acknowledged %d, settled %d, dropped %d, but the newest place is %d',
              id, acked_seq, settled_seq, dropped_seq, ?1)
FROM clients WHERE max(acked_seq, settled_seq, dropped_seq) > ?1
UNION ALL
SELECT format('client %d: settled up to %d, but its queue goes on to %d', id, settled_seq, max(last_seq))
FROM clients JOIN client_queues ON client_id = id GROUP BY id HAVING max(last_seq) > settled_seq
UNION ALL
SELECT format('client %d: acknowledged %d, but its queue begins with %d', id, acked_seq, min(first_seq))
FROM clients JOIN client_queues ON client_id = id GROUP BY id HAVING min(first_seq) <= acked_seq
