-- A session watches a nick no longer.
DELETE FROM watches WHERE user_id = ?1 AND nick = ?2
