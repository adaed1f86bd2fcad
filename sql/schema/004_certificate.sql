-- Certificates of servers that travelled in clear, and fingerprints of clients: each once.

CREATE TABLE certificate (
    id          INTEGER PRIMARY KEY,
    sha256      BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),  -- of its DER
    subject     TEXT,                      -- RFC 2253 in printable ASCII, "..." where cut; NULL: empty
    issuer      TEXT,
    not_before  INTEGER NOT NULL,          -- unix seconds, which may lie before 1970
    not_after   INTEGER NOT NULL,
    self_signed INTEGER NOT NULL CHECK (self_signed IN (0, 1))  -- subject and issuer are the same name
) STRICT;

CREATE TABLE fingerprint (
    id   INTEGER PRIMARY KEY,
    ja3  TEXT NOT NULL,                    -- 32 hexadecimal digits
    ja4  TEXT NOT NULL,
    UNIQUE (ja4, ja3)
) STRICT;

ALTER TABLE session ADD COLUMN certificate INTEGER REFERENCES certificate;
ALTER TABLE session ADD COLUMN fingerprint INTEGER REFERENCES fingerprint;
