-- Evidence that came from other sessions: why, in words; and what it changed of sessions that had been told of before.

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
