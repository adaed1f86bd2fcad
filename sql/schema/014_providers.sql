-- Whose a server or a client is, as mailseal enrich finds it in files of the operator's; NULL: not known, or not looked up.
ALTER TABLE name ADD COLUMN domain TEXT;       -- its registrable domain
ALTER TABLE endpoint ADD COLUMN domain TEXT;   -- of a server: that of the names that most of its sessions asked for (SNI)
ALTER TABLE endpoint ADD COLUMN announced TEXT;    -- the network that is announced for it, such as 192.0.2.0/23
ALTER TABLE endpoint ADD COLUMN asn INTEGER;   -- the autonomous system that announces it

CREATE TABLE autonomous_system (
    number INTEGER PRIMARY KEY,
    name   TEXT                            -- NULL: it has none
) STRICT;
