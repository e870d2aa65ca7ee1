-- A response to repeat, unless the client has gone in the same batch. A key that is used again after its time
-- begins anew.
INSERT OR REPLACE INTO outcomes (client_id, key, at, response)
SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM clients WHERE id = ?1)
