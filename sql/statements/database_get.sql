-- The one row of this database.
SELECT addresses, revision, last_session, key_mark FROM database;
