-- Of those who gave up nicks, only the newest are remembered.
DELETE FROM past_nicks WHERE id <= (SELECT max(id) FROM past_nicks) - ?1
