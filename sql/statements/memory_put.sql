INSERT INTO memory (kind, key, last_us, entry) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET last_us = excluded.last_us, entry = excluded.entry;
