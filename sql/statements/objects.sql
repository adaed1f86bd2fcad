-- How many tables and the like are there: none in a new file.
SELECT count(*) FROM sqlite_schema;
