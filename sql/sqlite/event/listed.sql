-- A mask came into a list.
INSERT OR REPLACE INTO channel_masks (channel_id, list, mask, set_by, set_at) VALUES (?1, ?2, ?3, ?4, ?5)
