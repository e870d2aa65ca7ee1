-- Somebody has read up to a time.
INSERT INTO markers (owner, target, at) VALUES (?1, ?2, ?3) ON CONFLICT (owner, target) DO UPDATE SET at = excluded.at
