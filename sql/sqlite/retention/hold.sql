-- A row that leaves its history while queues may still name it.
INSERT OR IGNORE INTO held (seq) VALUES (?1)
