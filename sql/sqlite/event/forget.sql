-- The history of an ended channel or session is cleared away later, in small steps.
INSERT OR IGNORE INTO forgotten (owner) VALUES (?1)
