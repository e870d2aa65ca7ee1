-- A stamp was spent.
INSERT INTO spent_stamps (hash, kept_until) VALUES (?1, ?2)
