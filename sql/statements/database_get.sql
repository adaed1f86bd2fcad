-- The one row of this database.
SELECT addresses, revision, last_session FROM database;
