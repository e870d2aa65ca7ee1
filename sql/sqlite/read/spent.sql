-- Whether a stamp was spent.
SELECT EXISTS (SELECT 1 FROM spent_stamps WHERE hash = ?1)
