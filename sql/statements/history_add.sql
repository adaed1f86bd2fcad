-- ?1 sensor, ?2 database, ?3 revision; gathered: the key and the values in the order of the table.
INSERT INTO history_month
SELECT ?1, ?2, n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14, ?3
FROM gathered() WHERE true
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    lists = lists + excluded.lists,
    offered = offered + excluded.offered,
    accepted = accepted + excluded.accepted,
    upgraded = upgraded + excluded.upgraded,
    implicit = implicit + excluded.implicit,
    tls_high = max(tls_high, excluded.tls_high),
    first_us = min(first_us, excluded.first_us),
    last_us = max(last_us, excluded.last_us),
    offer_us = max(offer_us, excluded.offer_us),
    lack_us = max(lack_us, excluded.lack_us),
    rev = excluded.rev;
