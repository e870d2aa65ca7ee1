-- The oldest entry of the log.
SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM log
