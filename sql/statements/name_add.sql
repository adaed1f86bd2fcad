INSERT INTO name (text) VALUES (?1);
