-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO tls_day
SELECT ?1, ?2, n0, n1, n2, n3, n4, n5, n6, n7, ?3
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, rev = excluded.rev;
