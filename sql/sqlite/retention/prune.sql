-- Log rows before the checkpoint that no history shows and no queue holds.
DELETE FROM log
WHERE seq > (SELECT value FROM server_state WHERE name = 'pruned') AND seq <= ?1
  AND NOT lasting AND NOT EXISTS (SELECT 1 FROM held WHERE held.seq = log.seq)
