-- A single number.
SELECT value FROM state WHERE name = ?1
