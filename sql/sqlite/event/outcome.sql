-- A response to repeat. A key that is used again after its time begins anew.
INSERT OR REPLACE INTO outcomes (client_id, key, at, response) VALUES (?1, ?2, ?3, ?4)
