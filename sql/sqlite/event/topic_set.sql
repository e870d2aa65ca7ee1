-- The topic was set, or cleared.
UPDATE channels SET topic = ?2, topic_set_by = ?3, topic_set_at = ?4 WHERE id = ?1
