-- ?1 sensor, ?2 database, ?3 revision; then the key and the values in the order of the table.
INSERT INTO history_month VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?3)
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
