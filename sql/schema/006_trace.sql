-- How the dialogue of a session went, for those with evidence or an incident: commands, answers and TLS
-- messages as codes, lengths and times, no text beyond public words. mailseal explain shows it where the
-- capture is gone. The bytes are those of src/facts/trace.h.
-- Whoever deletes sessions turns PRAGMA foreign_keys on for it: triggers of a file are never run.
CREATE TABLE trace (
    session INTEGER PRIMARY KEY REFERENCES session ON DELETE CASCADE,
    bytes   BLOB NOT NULL
) STRICT;
