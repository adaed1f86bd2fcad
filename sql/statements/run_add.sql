INSERT INTO run (sensor, database, identity, begun) VALUES (?1, ?2, ?3, ?4);
