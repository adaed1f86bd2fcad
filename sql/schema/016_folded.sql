-- Hours of long ago become days: in rate, evidence_hour and attempt all that was counted of a day before `folded` (unix
-- seconds) stands in its first hour. Minutes of seen become hours a month later.
ALTER TABLE retention ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
