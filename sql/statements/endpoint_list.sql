-- Addresses behind number ?1, with what is known of them.
SELECT id, address, announced, asn FROM endpoint WHERE id > ?1 ORDER BY id LIMIT ?2;
