-- Somebody gave up a nick.
INSERT INTO past_nicks (nick, username, hostname, realname, at) VALUES (?1, ?2, ?3, ?4, ?5)
