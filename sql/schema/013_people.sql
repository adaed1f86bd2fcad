-- Two more ways to store addresses, which take a key. The key is nowhere in here; `key_mark` is AES of a fixed text by
-- it, so that a database is not gone on with by another one. A CHECK can only be changed with its table.

CREATE TABLE database_before AS SELECT * FROM database;
DROP TABLE database;
CREATE TABLE database (
    number       INTEGER PRIMARY KEY CHECK (number = 1),  -- the own one in every key; others come by merging
    identity     BLOB NOT NULL CHECK (length(identity) = 16),  -- random, so that it is known again elsewhere
    created      INTEGER NOT NULL,         -- wall clock, unix seconds
    addresses    TEXT NOT NULL CHECK (addresses IN ('keep', 'truncate', 'pseudonym', 'prefix')),
    revision     INTEGER NOT NULL DEFAULT 0,   -- number of the last transaction that changed figures
    last_session INTEGER NOT NULL DEFAULT 0,   -- highest session.id ever given out; none is used twice
    key_mark     BLOB CHECK (length(key_mark) = 8)  -- NULL: no key is needed
) STRICT;
INSERT INTO database (number, identity, created, addresses, revision, last_session)
SELECT number, identity, created, addresses, revision, last_session FROM database_before;
DROP TABLE database_before;
