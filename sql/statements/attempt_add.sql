-- ?1 sensor, ?2 database, ?3 revision; then the key and the value in the order of the table.
INSERT INTO attempt VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?3)
ON CONFLICT DO UPDATE SET n = n + excluded.n, rev = excluded.rev;
