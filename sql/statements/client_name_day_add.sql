-- ?1 sensor, ?2 database, ?3 revision; then the key and the values in the order of the table.
INSERT INTO client_name_day VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?3)
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    rev = excluded.rev;
