-- A session stays though its last device has gone.
UPDATE users SET left_at = ?2, left_away = ?3 WHERE id = ?1
