-- A hook belongs to a channel that there is, and its name and secret are of the right kind.
SELECT 'the hook ' || hex(hooks.id) || ' is not whole'
FROM hooks LEFT JOIN channels ON channels.id = hooks.channel_id
WHERE channels.id IS NULL OR length(hooks.id) <> 16 OR length(hooks.secret_hash) <> 32;
