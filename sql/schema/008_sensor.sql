-- What a sensor adds: it writes for months, in transactions that follow one another.

-- One life of the process that reads packets.
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

-- What a run reads is a source, too: one for each link. NULL: a capture.
ALTER TABLE source ADD COLUMN run INTEGER REFERENCES run;

-- Sessions with a row whose connections go on, by the number that their run has for them. What the row had from
-- earlier runs, before which the connection was open already, is added to what this run counts.
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

-- What each link brought, by the minute and later by the hour: one row also where nothing came, so that silence is
-- not taken for absence.
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
