INSERT INTO odd_port (port) VALUES (?1);
