-- A talk between two sessions stands under both.
SELECT format('message %d of %d to %d stands under one of them alone', seq, owner, peer) FROM history AS one
WHERE peer > 0
  AND NOT EXISTS (SELECT 1 FROM history WHERE owner = one.peer AND peer = one.owner AND seq = one.seq)
