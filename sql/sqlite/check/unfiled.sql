-- What is yet to be filed says where, and it is known from where on.
SELECT format('message %d is to last, but nobody knows in whose history', seq) FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND lasting AND owner IS NULL
UNION ALL
SELECT 'server_state has no filed' WHERE NOT EXISTS (SELECT 1 FROM server_state WHERE name = 'filed')
UNION ALL
SELECT format('filed up to %d, where there is no message yet', value) FROM server_state
WHERE name = 'filed' AND value > max(
    coalesce((SELECT max(seq) FROM log), 0),
    (SELECT value FROM server_state WHERE name = 'checkpoint'),
    coalesce((SELECT value FROM server_state WHERE name = 'seq_floor'), 0)
)
