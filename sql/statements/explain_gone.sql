-- A row, if session ?1, which is not here, was let go of: its number was given, and some were.
SELECT 1 FROM retention WHERE sessions > 0 AND ?1 BETWEEN 1 AND (SELECT last_session FROM database);
