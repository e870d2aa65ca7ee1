-- Who is to hear it, where that is not one client.
INSERT INTO audiences (seq, clients) VALUES (?1, ?2)
