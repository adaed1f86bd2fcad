-- Sessions do not stay for ever; the sums of them do.

-- The oldest first, those with evidence or an incident apart: they stay longer.
CREATE INDEX session_age ON session (evidence <> 0 OR incidents <> 0, first_us);
CREATE INDEX rejudged_session ON rejudged (session);

-- One row: what was let go of. Times are packet times.
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
) STRICT;
INSERT INTO retention (number) VALUES (1);
