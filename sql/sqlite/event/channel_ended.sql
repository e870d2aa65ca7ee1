-- A channel's last member left.
DELETE FROM channels WHERE id = ?1
