-- A mask left a list.
DELETE FROM channel_masks WHERE channel_id = ?1 AND list = ?2 AND mask = ?3
