-- The talks of what the log has gained go to where they are found again, in the order of their new places: the rows of
-- one talk share a page.
INSERT OR IGNORE INTO history (owner, peer, seq)
SELECT owner, peer, seq FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND owner IS NOT NULL
UNION ALL
SELECT peer, owner, seq FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND owner IS NOT NULL AND peer > 0 AND peer <> owner
ORDER BY 1, 2, 3
