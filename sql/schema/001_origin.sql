-- Where the figures come from. Wall-clock time and randomness appear in these two tables only:
-- the same captures give the same rows everywhere else.

PRAGMA application_id = 0x4d53454c;    -- "MSEL": a database of mailseal

-- One row: this database.
CREATE TABLE database (
    number       INTEGER PRIMARY KEY CHECK (number = 1),  -- the own one in every key; others come by merging
    identity     BLOB NOT NULL CHECK (length(identity) = 16),  -- random, so that it is known again elsewhere
    created      INTEGER NOT NULL,         -- wall clock, unix seconds
    addresses    TEXT NOT NULL CHECK (addresses IN ('keep', 'truncate')),
    revision     INTEGER NOT NULL DEFAULT 0,   -- number of the last transaction that changed figures
    last_session INTEGER NOT NULL DEFAULT 0    -- highest session.id ever given out; none is used twice
) STRICT;

-- What has been read.
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
) STRICT;
-- The same capture is never counted twice.
CREATE UNIQUE INDEX source_identity ON source (size, ends, packets, first_us, last_us);

-- The words of doc/measurement.md and the names of the TLS registries, filled by the program
-- from its own lists at each opening. Bits (fact, incident, mark) have the number of the bit.
CREATE TABLE word (
    kind     TEXT NOT NULL,
    code     INTEGER NOT NULL,
    word     TEXT,                         -- NULL: nothing to show
    sentence TEXT,
    PRIMARY KEY (kind, code)
) STRICT, WITHOUT ROWID;
