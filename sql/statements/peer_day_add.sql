-- ?1 sensor, ?2 database, ?3 revision; then the key and the values in the order of the table.
INSERT INTO peer_day VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?3, ?13, ?14)
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    bytes = bytes + excluded.bytes,
    offered = offered + excluded.offered,
    below_12 = below_12 + excluded.below_12,
    rev = excluded.rev;
