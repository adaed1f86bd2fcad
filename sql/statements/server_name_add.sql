INSERT INTO server_name (server, name, source) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING;
