-- How far running time had come: as it was saved, or as the newest entry has it, which may be later. Where it was
-- never saved, what was last put down tells.
SELECT coalesce(
    (SELECT max(value, coalesce((SELECT at FROM log ORDER BY seq DESC LIMIT 1), value))
     FROM server_state WHERE name = 'ran_until'),
    (SELECT max(at) FROM (
        SELECT at FROM (SELECT at FROM log ORDER BY seq DESC LIMIT 1)
        UNION ALL SELECT seen_at FROM clients)))
