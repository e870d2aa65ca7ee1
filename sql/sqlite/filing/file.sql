-- A message goes to where its talk is found again.
INSERT OR IGNORE INTO history (owner, peer, seq) VALUES (?1, ?2, ?3)
