-- The places of the oldest and of the newest entry of the log. Each is looked up by itself: for both at once, all of the log
-- would be gone through.
SELECT coalesce((SELECT min(seq) FROM log), 0), coalesce((SELECT max(seq) FROM log), 0)
