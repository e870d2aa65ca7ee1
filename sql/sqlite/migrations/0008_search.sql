-- Whose talk a message belongs to, also where it was filed before the log told: what is searched goes from the message
-- to the talk, where histories go from the talk to the message.
PRAGMA user_version = 8;

UPDATE log SET owner = history.owner, peer = history.peer
FROM history WHERE history.seq = log.seq AND log.owner IS NULL;
