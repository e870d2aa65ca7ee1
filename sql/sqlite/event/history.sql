-- Which talk it belongs to.
INSERT OR IGNORE INTO history (owner, peer, seq) VALUES (?1, ?2, ?3)
