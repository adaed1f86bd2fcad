-- What is known of servers and clients from one run to the next, for evidence that other sessions give: entries of
-- src/aggregate/memory.h. Bounded: the oldest go. Empty where addresses are truncated.
CREATE TABLE memory (
    kind    INTEGER NOT NULL,
    key     BLOB NOT NULL,                 -- addresses and ports
    last_us INTEGER NOT NULL,              -- packet time of what it knows last
    entry   BLOB NOT NULL,                 -- what is known, without the key
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
