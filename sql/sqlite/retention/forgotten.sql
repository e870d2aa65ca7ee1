-- Channels and sessions whose history is to be cleared away.
SELECT owner FROM forgotten LIMIT ?1
