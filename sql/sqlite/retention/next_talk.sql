-- The next talk that has a history, by its keys: past all that was said in the one before, which has no place so high.
SELECT owner, peer FROM history WHERE (owner, peer, seq) > (?1, ?2, 9223372036854775807) ORDER BY owner, peer, seq LIMIT 1
