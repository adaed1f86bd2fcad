-- The endpoints of clients in the next sessions.
SELECT id, client, proxy_client FROM session WHERE id > ?1 ORDER BY id LIMIT ?2;
