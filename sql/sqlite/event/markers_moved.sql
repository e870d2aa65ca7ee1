-- The markers of one are those of another from now on; of two for one talk the later stays.
INSERT INTO markers (owner, target, at)
SELECT ?2, target, at FROM markers WHERE owner = ?1
ON CONFLICT (owner, target) DO UPDATE SET at = max(at, excluded.at)
