-- What clients call themselves in clear, by kind; the name itself is nowhere. See word client_name.
ALTER TABLE session ADD COLUMN client_name INTEGER;    -- NULL: none seen, or stored before this was

-- Sessions of each kind and what became of them; those that are not mail do not count.
CREATE TABLE client_name_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    client_name INTEGER NOT NULL,          -- 0: none seen
    verdict     INTEGER NOT NULL,
    sessions    INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, client_name, verdict)
) STRICT, WITHOUT ROWID;

INSERT INTO client_name_day
SELECT sensor, database, day, direction, hop, 0, verdict, sum(sessions), max(rev)
FROM client_day GROUP BY sensor, database, day, direction, hop, verdict;
