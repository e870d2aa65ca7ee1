-- What is in the index behind a place.
SELECT rowid FROM said WHERE rowid > ?1 ORDER BY rowid LIMIT ?2
