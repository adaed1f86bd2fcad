-- Addresses behind number ?1, with the country they are in.
SELECT id, address, country FROM endpoint WHERE id > ?1 ORDER BY id LIMIT ?2;
