-- What servers call themselves in clear: the first word of their greeting and of their answer to EHLO, where that is a
-- host name. The first 8 of a server; it may say what it likes. They stay when sessions go.
CREATE TABLE server_name (
    server INTEGER NOT NULL,               -- endpoint
    name   INTEGER NOT NULL REFERENCES name,
    source INTEGER NOT NULL,               -- word name_source: where it was said first
    PRIMARY KEY (server, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE endpoint ADD COLUMN domain_source TEXT;    -- what domain is from: sni, greeting or hello
UPDATE endpoint SET domain_source = 'sni' WHERE domain IS NOT NULL;
