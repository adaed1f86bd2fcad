INSERT INTO trace (session, bytes) VALUES (?1, ?2);
