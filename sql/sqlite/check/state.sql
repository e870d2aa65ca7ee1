-- The single numbers that every start needs.
SELECT format('server_state has no %s', column1) FROM (VALUES ('next_id'), ('checkpoint'), ('pruned'))
WHERE column1 NOT IN (SELECT name FROM server_state)
