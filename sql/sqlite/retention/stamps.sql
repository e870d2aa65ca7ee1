-- Stamps that nobody could present any more.
DELETE FROM spent_stamps WHERE hash IN (SELECT hash FROM spent_stamps WHERE kept_until < ?1 ORDER BY kept_until LIMIT ?2)
