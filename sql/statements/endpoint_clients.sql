-- The next addresses without a port.
SELECT id, address FROM endpoint WHERE id > ?1 AND id <= ?2 AND port = 0 ORDER BY id LIMIT ?3;
