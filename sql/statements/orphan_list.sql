-- Sessions that earlier runs left open, the newest of them, by their ends.
SELECT g.session, client.address, s.client_port, server.address, server.port
FROM going_on AS g
JOIN session AS s ON s.id = g.session
JOIN endpoint AS client ON client.id = s.client
JOIN endpoint AS server ON server.id = s.server
WHERE g.run <> ?1
ORDER BY g.session DESC LIMIT ?2;
