-- What there is: sessions, clients, channels, messages, and when the newest of them was put down.
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM clients), (SELECT count(*) FROM channels),
       (SELECT count(*) FROM log), (SELECT at FROM log ORDER BY seq DESC LIMIT 1)
