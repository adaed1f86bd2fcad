-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO attempt
SELECT ?1, ?2, n0, n1, n2, n3, ?3
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET n = n + excluded.n, rev = excluded.rev;
