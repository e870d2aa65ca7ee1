-- Nothing after the checkpoint is pruned.
SELECT format('pruned up to %d, past the checkpoint %d', pruned.value, checkpoint.value)
FROM server_state AS pruned, server_state AS checkpoint
WHERE pruned.name = 'pruned' AND checkpoint.name = 'checkpoint' AND pruned.value > checkpoint.value
