INSERT INTO rejudged (session, was_verdict, is_verdict, was_strip, is_strip, kind, why, at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
