-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO server
SELECT ?1, ?2, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14, n15, n16, n17, n18, ?3
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET
    first_us = min(first_us, excluded.first_us),
    last_us = max(last_us, excluded.last_us),
    sessions = sessions + excluded.sessions,
    lists = lists + excluded.lists,
    offered = offered + excluded.offered,
    requested = requested + excluded.requested,
    accepted = accepted + excluded.accepted,
    upgraded = upgraded + excluded.upgraded,
    implicit = implicit + excluded.implicit,
    stripped = stripped + excluded.stripped,
    clear = clear + excluded.clear,
    failed = failed + excluded.failed,
    exposed = exposed + excluded.exposed,
    invited = invited + excluded.invited,
    pq = pq + excluded.pq,
    tls_low = min(tls_low, excluded.tls_low),
    tls_high = max(tls_high, excluded.tls_high),
    rev = excluded.rev;
