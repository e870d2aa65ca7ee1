-- A message that no history shows any more.
DELETE FROM said WHERE rowid = ?1
