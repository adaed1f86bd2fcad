-- Changes nothing when it is there.
INSERT INTO endpoint (address, port, text) VALUES (?1, ?2, ?3) ON CONFLICT (address, port) DO NOTHING;
