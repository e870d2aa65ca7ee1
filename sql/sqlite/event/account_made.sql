-- A session is to last as an account.
INSERT INTO accounts (id, name, password_hash, signing_key, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
