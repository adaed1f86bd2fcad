-- Writes nothing where nothing has changed.
INSERT INTO word (kind, code, word, sentence) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (kind, code) DO UPDATE SET word = excluded.word, sentence = excluded.sentence
WHERE word IS NOT excluded.word OR sentence IS NOT excluded.sentence;
