-- ?1 sensor, ?2 database, ?3 revision; then the key and the values in the order of the table.
INSERT INTO rate VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?3, ?18)
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    bytes = bytes + excluded.bytes,
    messages_clear = messages_clear + excluded.messages_clear,
    offered = offered + excluded.offered,
    rev = excluded.rev;
