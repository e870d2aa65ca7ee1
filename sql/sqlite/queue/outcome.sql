-- The first response under an Idempotency-Key.
SELECT response FROM outcomes WHERE client_id = ?1 AND key = ?2 AND at >= ?3
