-- A session went away or came back.
UPDATE users SET away = ?2 WHERE id = ?1
