-- ?1 sensor, ?2 database, ?3 revision; then the key and the values in the order of the table.
INSERT INTO server VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                           ?19, ?20, ?21, ?22, ?3)
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
