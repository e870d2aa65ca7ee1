-- The next talk that has a history, by its keys: past all that was said in the one before.
SELECT owner, peer FROM history WHERE (owner, peer) > (?1, ?2) ORDER BY owner, peer LIMIT 1
