-- Servers that a session was taken away from.
CREATE TEMP TABLE IF NOT EXISTS moved (
    sensor INTEGER, database INTEGER, endpoint INTEGER, protocol INTEGER,
    PRIMARY KEY (sensor, database, endpoint, protocol)
) WITHOUT ROWID;
