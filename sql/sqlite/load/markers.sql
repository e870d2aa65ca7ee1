-- How far everybody has read where.
SELECT markers.owner, markers.target, markers.at, accounts.id IS NOT NULL
FROM markers LEFT JOIN accounts ON accounts.id = markers.owner
