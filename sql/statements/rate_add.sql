-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO rate
SELECT ?1, ?2, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, ?3, n14
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    bytes = bytes + excluded.bytes,
    messages_clear = messages_clear + excluded.messages_clear,
    offered = offered + excluded.offered,
    rev = excluded.rev;
