-- Who gave up which nick, the oldest first.
SELECT nick, username, hostname, realname, at FROM past_nicks ORDER BY id
