-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO peer_month
SELECT ?1, ?2, n0, n1, n2, n3, n4, n5, n6, n7, n8, ?3, n9, n10
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    bytes = bytes + excluded.bytes,
    offered = offered + excluded.offered,
    below_12 = below_12 + excluded.below_12,
    rev = excluded.rev;
