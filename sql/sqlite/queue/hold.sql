-- A log row that a queue names and no history shows.
INSERT OR IGNORE INTO held (seq) VALUES (?1)
