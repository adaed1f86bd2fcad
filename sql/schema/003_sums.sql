-- Sums that are kept when sessions are long deleted. Every key has the sensor (name) and the
-- number of the database, so the sums of many databases can be laid side by side. Buckets are
-- half-open and by the first packet of a session; `hour` and `day` are the unix seconds of
-- their beginning. `rev` is database.revision of the transaction that changed the row last.

CREATE TABLE rate (
    sensor         INTEGER NOT NULL,
    database       INTEGER NOT NULL,
    hour           INTEGER NOT NULL,
    direction      INTEGER NOT NULL,
    hop            INTEGER NOT NULL,
    protocol       INTEGER NOT NULL,
    server_port    INTEGER NOT NULL,       -- 0: an odd port beyond those of odd_port
    verdict        INTEGER NOT NULL,
    strip          INTEGER NOT NULL,       -- grade, or 4: allowed
    tls_version    INTEGER NOT NULL,       -- chosen; 0: none seen
    pq             INTEGER NOT NULL,       -- 1: a post-quantum group was chosen
    exposure       INTEGER NOT NULL,       -- untried apart from none
    loss           INTEGER NOT NULL,       -- 1: one-sided, gap, mid-stream, truncated or cut off by the end
    sessions       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,       -- TCP payload of both directions
    messages_clear INTEGER NOT NULL,       -- nothing is added for protocols it means nothing for
    rev            INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, hour, direction, hop, protocol, server_port, verdict, strip,
                 tls_version, pq, exposure, loss)
) STRICT, WITHOUT ROWID;

-- The ports beside the known mail ports that have a place of their own in `rate`: the first 64,
-- so that a scan cannot fill it.
CREATE TABLE odd_port (
    port INTEGER PRIMARY KEY
) STRICT;

-- At most 20,000 pairs for a sensor and day; what comes later stands under server 0, network 0.
CREATE TABLE peer_day (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    server    INTEGER NOT NULL,            -- endpoint, 0: other
    network   INTEGER NOT NULL,            -- endpoint without port: /24 of IPv4, /48 of IPv6; 0: other
    hop       INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    exposure  INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, server, network, hop, verdict, exposure)
) STRICT, WITHOUT ROWID;

-- What encrypted sessions chose. At most 2,000 kinds for a sensor and day, the rest under
-- cipher -1, group -1.
CREATE TABLE tls_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    tls_version INTEGER NOT NULL,          -- 0: the ServerHello was not seen
    cipher      INTEGER NOT NULL,
    grp         INTEGER NOT NULL,          -- 0: none or not seen
    pq_offered  INTEGER NOT NULL,          -- 0, 1; 2: the ClientHello was not seen
    sessions    INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, tls_version, cipher, grp, pq_offered)
) STRICT, WITHOUT ROWID;

-- What each mail server offers, and what comes of it. Sessions that are not mail do not count.
CREATE TABLE server (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    endpoint  INTEGER NOT NULL,
    protocol  INTEGER NOT NULL,
    first_us  INTEGER NOT NULL,            -- of its first and last session seen
    last_us   INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    lists     INTEGER NOT NULL,            -- with a whole list of capabilities
    offered   INTEGER NOT NULL,            -- with STARTTLS offered
    requested INTEGER NOT NULL,
    accepted  INTEGER NOT NULL,
    upgraded  INTEGER NOT NULL,            -- verdict starttls
    implicit  INTEGER NOT NULL,            -- verdict implicit_tls
    stripped  INTEGER NOT NULL,
    clear     INTEGER NOT NULL,            -- verdicts clear and clear_auth
    failed    INTEGER NOT NULL,            -- verdict tls_failed
    exposed   INTEGER NOT NULL,            -- with a credential in clear
    invited   INTEGER NOT NULL,            -- that invited secrets in clear
    pq        INTEGER NOT NULL,            -- with a post-quantum group
    tls_low   INTEGER NOT NULL,            -- lowest and highest version of encrypted sessions; tls_low 65536
    tls_high  INTEGER NOT NULL,            -- and tls_high 0: none known
    rev       INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, endpoint, protocol)
) STRICT, WITHOUT ROWID;

-- Connections without payload.
CREATE TABLE attempt (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    hour        INTEGER NOT NULL,
    server_port INTEGER NOT NULL,          -- 0: no port of mail
    outcome     INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, hour, server_port, outcome)
) STRICT, WITHOUT ROWID;
