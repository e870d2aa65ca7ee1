-- What comes next in the log, in the main database; only what a history shows has a text here.
SELECT seq, owner, peer, iif(lasting AND owner IS NOT NULL AND peer >= 0, line, NULL) FROM log
WHERE seq > ?1 ORDER BY seq LIMIT ?2
