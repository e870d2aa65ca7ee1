-- Who watches which nick.
SELECT user_id, nick FROM watches
