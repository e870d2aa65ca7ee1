-- What is yet to be filed says where.
SELECT format('message %d is to last, but nobody knows in whose history', seq) FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND lasting AND owner IS NULL
