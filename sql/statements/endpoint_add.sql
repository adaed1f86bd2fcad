INSERT INTO endpoint (address, port, text) VALUES (?1, ?2, ?3);
