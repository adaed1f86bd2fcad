-- All of the other files in one piece, for a new database. Made by tools/squash-schema; do not edit.

PRAGMA application_id = 0x4d53454c;

CREATE TABLE source (
    id           INTEGER PRIMARY KEY,
    sensor       INTEGER NOT NULL,         -- name
    database     INTEGER NOT NULL DEFAULT 1,
    path         TEXT NOT NULL,            -- as given
    grp          INTEGER NOT NULL,         -- the first source of those read as one stream with it
    link_type    INTEGER,                  -- LINKTYPE_ number of the first packet
    size         INTEGER,                  -- bytes as stored
    ends         BLOB,                     -- SHA-256 of the first and last 64 KiB
    packets      INTEGER,
    first_us     INTEGER,                  -- of the packets, microseconds since 1970 UTC
    last_us      INTEGER,
    -- packets by what they were
    tcp          INTEGER NOT NULL DEFAULT 0,
    not_ip       INTEGER NOT NULL DEFAULT 0,
    not_tcp      INTEGER NOT NULL DEFAULT 0,
    fragment     INTEGER NOT NULL DEFAULT 0,
    truncated    INTEGER NOT NULL DEFAULT 0,   -- cut before the end of the TCP header
    malformed    INTEGER NOT NULL DEFAULT 0,
    unknown_link INTEGER NOT NULL DEFAULT 0,
    -- what the capture lost, where it says so
    dropped_kernel    INTEGER,
    dropped_interface INTEGER,
    -- what the program gave up for want of room
    evicted      INTEGER NOT NULL DEFAULT 0,   -- connections forgotten before they ended
    discarded    INTEGER NOT NULL DEFAULT 0,   -- bytes that found no place in a reassembly buffer
    -- its sessions, and how many of them carry each mark
    sessions     INTEGER NOT NULL DEFAULT 0,
    one_sided    INTEGER NOT NULL DEFAULT 0,
    gap          INTEGER NOT NULL DEFAULT 0,
    midstream    INTEGER NOT NULL DEFAULT 0,
    cut          INTEGER NOT NULL DEFAULT 0,   -- mark truncated
    overlap      INTEGER NOT NULL DEFAULT 0,
    unfinished   INTEGER NOT NULL DEFAULT 0,   -- the input ended before the matter was settled
    damaged      INTEGER NOT NULL DEFAULT 0 CHECK (damaged IN (0, 1)),
    error        TEXT,                     -- why it is damaged, one sentence
    analysed_at  INTEGER NOT NULL,         -- wall clock, unix seconds
    mailseal     TEXT NOT NULL             -- version of the program
, too_deep INTEGER NOT NULL DEFAULT 0, run INTEGER REFERENCES run) STRICT;

CREATE UNIQUE INDEX source_identity ON source (size, ends, packets, first_us, last_us);

CREATE TABLE word (
    kind     TEXT NOT NULL,
    code     INTEGER NOT NULL,
    word     TEXT,                         -- NULL: nothing to show
    sentence TEXT,
    PRIMARY KEY (kind, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE endpoint (
    id      INTEGER PRIMARY KEY,
    address BLOB NOT NULL CHECK (length(address) = 16),  -- IPv4 as ::ffff:a.b.c.d
    port    INTEGER NOT NULL,              -- 0: an address or a network without a port (clients)
    text    TEXT NOT NULL, domain TEXT, announced TEXT, asn INTEGER, domain_source TEXT, country TEXT,                 -- the address as people write it
    UNIQUE (address, port)
) STRICT;

CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
, domain TEXT) STRICT;

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
, certificate INTEGER REFERENCES certificate, fingerprint INTEGER REFERENCES fingerprint, proxy_client INTEGER REFERENCES endpoint, proxy_client_port INTEGER, proxy_server INTEGER REFERENCES endpoint, server_ttl INTEGER, forged_ttl INTEGER, client_name INTEGER) STRICT;

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
    rev            INTEGER NOT NULL, offered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor, database, hour, direction, hop, protocol, server_port, verdict, strip,
                 tls_version, pq, exposure, loss)
) STRICT, WITHOUT ROWID;

CREATE TABLE odd_port (
    port INTEGER PRIMARY KEY
) STRICT;

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
    rev       INTEGER NOT NULL, offered INTEGER NOT NULL DEFAULT 0, below_12 INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor, database, day, direction, server, network, hop, verdict, exposure)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE certificate (
    id          INTEGER PRIMARY KEY,
    sha256      BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),  -- of its DER
    subject     TEXT,                      -- RFC 2253 in printable ASCII, "..." where cut; NULL: empty
    issuer      TEXT,
    not_before  INTEGER NOT NULL,          -- unix seconds, which may lie before 1970
    not_after   INTEGER NOT NULL,
    self_signed INTEGER NOT NULL CHECK (self_signed IN (0, 1))  -- subject and issuer are the same name
) STRICT;

CREATE TABLE fingerprint (
    id   INTEGER PRIMARY KEY,
    ja3  TEXT NOT NULL,                    -- 32 hexadecimal digits
    ja4  TEXT NOT NULL,
    UNIQUE (ja4, ja3)
) STRICT;

CREATE TABLE trace (
    session INTEGER PRIMARY KEY REFERENCES session ON DELETE CASCADE,
    bytes   BLOB NOT NULL
) STRICT;

CREATE TABLE evidence (
    session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    kind    INTEGER NOT NULL,              -- code of the evidence; its grade is in session.evidence
    other   INTEGER,                       -- the session that it names
    words   TEXT NOT NULL,
    PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejudged (
    id          INTEGER PRIMARY KEY,
    session     INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    was_verdict INTEGER NOT NULL,
    is_verdict  INTEGER NOT NULL,
    was_strip   INTEGER NOT NULL,          -- grade, or 4: allowed
    is_strip    INTEGER NOT NULL,
    kind        INTEGER NOT NULL,          -- code of the evidence that came or went
    why         TEXT NOT NULL,
    at_us       INTEGER NOT NULL           -- packet time of what led to it
) STRICT;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    sensor      INTEGER NOT NULL,          -- name
    database    INTEGER NOT NULL DEFAULT 1,
    identity    INTEGER NOT NULL UNIQUE,   -- random
    begun       INTEGER NOT NULL,          -- wall clock, unix seconds
    ended       INTEGER,                   -- NULL: it goes on, or was killed
    batch       INTEGER NOT NULL DEFAULT 0,    -- number of its last batch of records that is in here
    complete_us INTEGER NOT NULL DEFAULT 0 -- packet time: no session is still to come that began before
) STRICT;

CREATE TABLE going_on (
    run            INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    session        INTEGER NOT NULL,
    pkts_toserver  INTEGER NOT NULL,
    pkts_toclient  INTEGER NOT NULL,
    bytes_toserver INTEGER NOT NULL,
    bytes_toclient INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
    source            INTEGER NOT NULL REFERENCES source,
    width             INTEGER NOT NULL,    -- 60 or 3600 seconds
    begin             INTEGER NOT NULL,    -- unix seconds
    packets           INTEGER NOT NULL,
    bytes             INTEGER NOT NULL,    -- as captured
    tcp               INTEGER NOT NULL,
    dropped_kernel    INTEGER NOT NULL,    -- by the kernel's ring, for want of room
    dropped_interface INTEGER NOT NULL,
    evicted           INTEGER NOT NULL,
    discarded         INTEGER NOT NULL,
    clock_steps       INTEGER NOT NULL,    -- packet time went back by more than a minute, or on by an hour
    rows_left_out     INTEGER NOT NULL,    -- sessions counted in rate without a row, while the disk was slow or full
    PRIMARY KEY (source, width, begin)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_day (
    sensor         INTEGER NOT NULL,
    database       INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    direction      INTEGER NOT NULL,
    hop            INTEGER NOT NULL,
    protocol       INTEGER NOT NULL,
    server_port    INTEGER NOT NULL,
    verdict        INTEGER NOT NULL,
    strip          INTEGER NOT NULL,
    tls_version    INTEGER NOT NULL,
    pq             INTEGER NOT NULL,
    exposure       INTEGER NOT NULL,
    loss           INTEGER NOT NULL,
    sessions       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    messages_clear INTEGER NOT NULL,
    rev            INTEGER NOT NULL, offered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor, database, day, direction, hop, protocol, server_port, verdict, strip,
                 tls_version, pq, exposure, loss)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence_hour (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    hour      INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    hop       INTEGER NOT NULL,
    evidence  INTEGER NOT NULL,
    grade     INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, hour, direction, hop, evidence, grade, verdict)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    server      INTEGER NOT NULL,          -- endpoint, 0: other
    certificate INTEGER NOT NULL,          -- 0: other
    sessions    INTEGER NOT NULL,
    out_of_time INTEGER NOT NULL,          -- sessions that began before or behind its validity
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, server, certificate)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,          -- 0: no hello was seen whole; -1: other
    tls_version INTEGER NOT NULL,          -- chosen; 0: none seen
    verdict     INTEGER NOT NULL,
    sessions    INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, fingerprint, tls_version, verdict)
) STRICT, WITHOUT ROWID;

CREATE TABLE peer_month (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    month     INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    server    INTEGER NOT NULL,
    network   INTEGER NOT NULL,
    hop       INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    exposure  INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    rev       INTEGER NOT NULL, offered INTEGER NOT NULL DEFAULT 0, below_12 INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor, database, month, direction, server, network, hop, verdict, exposure)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_age ON session (evidence <> 0 OR incidents <> 0, first_us);

CREATE INDEX rejudged_session ON rejudged (session);

CREATE TABLE retention (
    number    INTEGER PRIMARY KEY CHECK (number = 1),
    clock_us  INTEGER NOT NULL DEFAULT 0,  -- from which ages are reckoned; 0: from none yet
    leapt_us  INTEGER NOT NULL DEFAULT 0,  -- where a clock that leapt began to run again; 0: it did not leap
    before_us INTEGER NOT NULL DEFAULT 0,  -- sessions that began before are not here, but those
    marked_before_us INTEGER NOT NULL DEFAULT 0,   -- with evidence or an incident, if they did not begin before this
    sessions  INTEGER NOT NULL DEFAULT 0,  -- how many were let go of, with and without evidence or an incident
    marked    INTEGER NOT NULL DEFAULT 0,  -- those of them with one
    for_room  INTEGER NOT NULL DEFAULT 0,  -- those that were young, for want of room
    addresses INTEGER NOT NULL DEFAULT 0   -- of clients, when the last session of theirs had gone
, folded INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE memory (
    kind    INTEGER NOT NULL,
    key     BLOB NOT NULL,                 -- addresses and ports
    last_us INTEGER NOT NULL,              -- packet time of what it knows last
    entry   BLOB NOT NULL,                 -- what is known, without the key
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE database (
    number       INTEGER PRIMARY KEY CHECK (number = 1),  -- the own one in every key; others come by merging
    identity     BLOB NOT NULL CHECK (length(identity) = 16),  -- random, so that it is known again elsewhere
    created      INTEGER NOT NULL,         -- wall clock, unix seconds
    addresses    TEXT NOT NULL CHECK (addresses IN ('keep', 'truncate', 'pseudonym', 'prefix')),
    revision     INTEGER NOT NULL DEFAULT 0,   -- number of the last transaction that changed figures
    last_session INTEGER NOT NULL DEFAULT 0,   -- highest session.id ever given out; none is used twice
    key_mark     BLOB CHECK (length(key_mark) = 8)  -- NULL: no key is needed
) STRICT;

CREATE TABLE autonomous_system (
    number INTEGER PRIMARY KEY,
    name   TEXT                            -- NULL: it has none
) STRICT;

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

CREATE TABLE server_name (
    server INTEGER NOT NULL,               -- endpoint
    name   INTEGER NOT NULL REFERENCES name,
    source INTEGER NOT NULL,               -- word name_source: where it was said first
    PRIMARY KEY (server, name)
) STRICT, WITHOUT ROWID;

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

INSERT INTO retention VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
