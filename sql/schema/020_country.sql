-- The country of a server's or a client's address, two letters (ISO 3166-1), as mailseal enrich finds it; NULL: not known,
-- or not looked up.
ALTER TABLE endpoint ADD COLUMN country TEXT;
