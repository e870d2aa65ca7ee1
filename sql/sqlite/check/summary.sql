-- What there is: sessions, clients, channels, messages, and when the newest of them was said, as it says itself.
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM clients), (SELECT count(*) FROM channels),
       (SELECT count(*) FROM log),
       (SELECT CASE WHEN json_valid(line) THEN json_extract(line, '$.ts') END
        FROM (SELECT CAST(line AS TEXT) AS line FROM log ORDER BY seq DESC LIMIT 1))
