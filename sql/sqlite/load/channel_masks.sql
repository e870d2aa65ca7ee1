-- The lists of channels.
SELECT channel_id, list, mask, set_by, set_at FROM channel_masks
