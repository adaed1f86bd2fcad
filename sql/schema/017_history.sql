-- What each server was seen to offer: by server, client network, capability list and month. Sums, which stay when sessions
-- go; they begin with the first session that is stored after this table was made. At most 20,000 rows for a sensor and month,
-- the rest under server, network and list 0.
CREATE TABLE history_month (
    sensor     INTEGER NOT NULL,
    database   INTEGER NOT NULL,
    month      INTEGER NOT NULL,           -- its first day, unix seconds; of the first packet
    server     INTEGER NOT NULL,           -- endpoint; 0: other
    network    INTEGER NOT NULL,           -- endpoint without port: /24 of IPv4, /48 of IPv6; 0: other
    list       INTEGER NOT NULL,           -- fingerprint of the list but for what it offers of TLS and AUTH; 0: none was seen whole
    sessions   INTEGER NOT NULL,           -- that showed any of what follows
    lists      INTEGER NOT NULL,           -- with a list seen whole,
    offered    INTEGER NOT NULL,           -- and STARTTLS in it
    accepted   INTEGER NOT NULL,           -- with the go-ahead
    upgraded   INTEGER NOT NULL,           -- with a handshake that completed behind it
    implicit   INTEGER NOT NULL,           -- with one that completed where TLS came first
    tls_high   INTEGER NOT NULL,           -- the highest version that the server chose; 0: none
    first_us   INTEGER NOT NULL,           -- when the first and the last of them began,
    last_us    INTEGER NOT NULL,
    offer_us   INTEGER NOT NULL,           -- the last with an offer; 0: none
    lack_us    INTEGER NOT NULL,           -- the last with a whole list without one; 0: none
    rev        INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, month, server, network, list)
) STRICT, WITHOUT ROWID;
