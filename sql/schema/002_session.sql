-- One narrow row for each session; what repeats stands in a dictionary and is a number here.

CREATE TABLE endpoint (
    id      INTEGER PRIMARY KEY,
    address BLOB NOT NULL CHECK (length(address) = 16),  -- IPv4 as ::ffff:a.b.c.d
    port    INTEGER NOT NULL,              -- 0: an address or a network without a port (clients)
    text    TEXT NOT NULL,                 -- the address as people write it
    UNIQUE (address, port)
) STRICT;

CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- What a TLS handshake showed, but for its SNI.
CREATE TABLE tls_profile (
    id         INTEGER PRIMARY KEY,
    version    INTEGER NOT NULL,           -- chosen; numbers as on the wire
    client_max INTEGER NOT NULL,           -- highest offered
    server_max INTEGER NOT NULL,           -- highest the server is known to have
    cipher     INTEGER NOT NULL,
    grp        INTEGER NOT NULL,           -- key-exchange group, 0: none or not seen
    flags      INTEGER NOT NULL,           -- 1 client hello, 2 server hello, 4 pq offered, 8 pq,
                                           -- 16 resumed, 32 downgraded, 64 alpn is the server's choice
    alpn       INTEGER NOT NULL,           -- name, 0: none
    UNIQUE (version, client_max, server_max, cipher, grp, flags, alpn)
) STRICT;

-- The words judged from (facts, evidence, incidents, marks) are kept as they were seen, so that
-- better rules can judge again. Codes are those of the table `word`.
CREATE TABLE session (
    id             INTEGER PRIMARY KEY,
    sensor         INTEGER NOT NULL REFERENCES name,
    database       INTEGER NOT NULL,
    source         INTEGER NOT NULL REFERENCES source,
    first_us       INTEGER NOT NULL,       -- microseconds since 1970 UTC
    lasted_us      INTEGER NOT NULL,       -- from the first packet to the last
    client         INTEGER NOT NULL REFERENCES endpoint,   -- address only
    client_port    INTEGER NOT NULL,
    server         INTEGER NOT NULL REFERENCES endpoint,   -- address and port
    protocol       INTEGER NOT NULL,
    hop            INTEGER NOT NULL,
    direction      INTEGER NOT NULL,
    verdict        INTEGER NOT NULL,
    rule           INTEGER NOT NULL REFERENCES name,       -- by name: the order of rules may change
    stage          INTEGER NOT NULL,
    strip          INTEGER NOT NULL,       -- grade, or 4: allowed
    facts          INTEGER NOT NULL,       -- bits
    evidence       INTEGER NOT NULL,       -- two bits of grade for each kind
    incidents      INTEGER NOT NULL,       -- bits
    marks          INTEGER NOT NULL,       -- bits
    flags          INTEGER NOT NULL,       -- 1 odd port, 2 TLS port
    tls            INTEGER REFERENCES tls_profile,
    sni            INTEGER REFERENCES name,
    starttls_reply INTEGER NOT NULL,       -- 100 and more: an SMTP code; else word
    auth_offered   INTEGER,                -- bit for each mechanism; NULL: no list seen
    auth_others    INTEGER REFERENCES name,    -- offered mechanisms without a bit
    auth_command   INTEGER NOT NULL,
    auth_mechanism INTEGER NOT NULL,
    auth_named     INTEGER REFERENCES name,    -- the mechanism, when it has no number
    auth_exposure  INTEGER NOT NULL,
    messages_clear INTEGER NOT NULL,       -- means nothing for IMAP and ManageSieve
    pkts_toserver  INTEGER NOT NULL,       -- all packets
    pkts_toclient  INTEGER NOT NULL,
    bytes_toserver INTEGER NOT NULL,       -- TCP payload, each byte once
    bytes_toclient INTEGER NOT NULL,
    vlan           TEXT,                   -- tags in order of appearance, joined by spaces
    tunnel         TEXT,                   -- names, joined by spaces
    community      TEXT                    -- Community ID v1 but its "1:" and "="; NULL: truncated
) STRICT;
