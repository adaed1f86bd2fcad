-- Sessions from number ?1 on, and from time ?2, of the clients in a network (?3 bytes, ?4) with server ?5, that have
-- evidence of kind ?6; where it becomes less (?7), only of those that have it from other sessions.
SELECT s.id
FROM session AS s
JOIN endpoint AS client ON client.id = s.client
WHERE s.id >= ?1 AND s.first_us >= ?2 AND substr(client.address, 1, ?3) = ?4 AND s.server = ?5
  AND s.evidence >> (2 * ?6) & 3
  AND (NOT ?7 OR EXISTS (SELECT 1 FROM evidence AS e WHERE e.session = s.id AND e.kind = ?6))
ORDER BY s.id LIMIT 256;
