-- A row, if session ?1, which is not here, was let go of: it is older than the newest one, and some were.
SELECT 1 FROM retention WHERE sessions > 0 AND ?1 < (SELECT max(id) FROM session);
