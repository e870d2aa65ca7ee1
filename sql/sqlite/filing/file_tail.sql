-- The talks of what the log has gained go to where they are found again, as far as they are not there yet, in the order
-- of their new places: the rows of one talk share a page. What a history has is filed in the order of the log, so what
-- comes before its newest is there, or was and is no longer shown.
INSERT INTO history (owner, peer, seq)
SELECT owner, peer, seq FROM (
    SELECT owner, peer, seq FROM log
    WHERE seq > (SELECT value FROM server_state WHERE name = 'filed') AND owner IS NOT NULL
    UNION ALL
    SELECT peer, owner, seq FROM log
    WHERE seq > (SELECT value FROM server_state WHERE name = 'filed')
      AND owner IS NOT NULL AND peer > 0 AND peer <> owner
) AS gained
WHERE seq > coalesce((
    SELECT filed.seq FROM history AS filed
    WHERE filed.owner = gained.owner AND filed.peer = gained.peer ORDER BY filed.seq DESC LIMIT 1
), 0)
ORDER BY owner, peer, seq
