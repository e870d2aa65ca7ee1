-- Every name with its kind.
SELECT 'nick', nick FROM users UNION ALL SELECT 'username', username FROM users
UNION ALL SELECT 'realname', realname FROM users UNION ALL SELECT 'channel', name FROM channels
UNION ALL SELECT 'nick that is watched', nick FROM watches UNION ALL SELECT 'nick of the past', nick FROM past_nicks
UNION ALL SELECT 'mask', mask FROM channel_masks UNION ALL SELECT 'address', address FROM clients
UNION ALL SELECT 'nick that is kept', name FROM accounts UNION ALL SELECT 'channel or nick', target FROM markers
