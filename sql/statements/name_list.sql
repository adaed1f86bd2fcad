-- Names behind number ?1, with what is known of them.
SELECT id, text, domain FROM name WHERE id > ?1 ORDER BY id LIMIT ?2;
