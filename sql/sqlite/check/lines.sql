-- Messages are told as they stand there.
SELECT format('message %d is no JSON', seq) FROM log WHERE NOT json_valid(CAST(line AS TEXT))
