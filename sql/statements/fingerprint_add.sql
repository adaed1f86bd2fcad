INSERT INTO fingerprint (ja3, ja4) VALUES (?1, ?2);
