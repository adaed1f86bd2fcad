INSERT INTO evidence (session, kind, other, words) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET other = coalesce(excluded.other, other), words = excluded.words;
