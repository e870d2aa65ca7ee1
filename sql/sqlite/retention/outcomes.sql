-- Responses that are too old to be repeated.
DELETE FROM outcomes WHERE (client_id, key) IN (
    SELECT client_id, key FROM outcomes WHERE at < ?1 ORDER BY at LIMIT ?2)
