-- The next sessions behind number ?1, with all that their judgement and their sums need.
SELECT s.id, s.sensor, s.database, s.first_us, s.lasted_us, s.server, server.port, client.address,
       s.protocol, s.hop, s.direction, s.verdict, rule.text, s.strip, s.facts, s.evidence, s.marks,
       s.auth_exposure, s.messages_clear, s.bytes_toserver, s.bytes_toclient,
       t.version, t.cipher, t.grp, t.flags, s.source,
       s.pkts_toserver, s.pkts_toclient,
       s.incidents, s.certificate, s.fingerprint, server.address, s.client_name
FROM session AS s
JOIN endpoint AS server ON server.id = s.server
JOIN endpoint AS client ON client.id = s.client
LEFT JOIN name AS rule ON rule.id = s.rule
LEFT JOIN tls_profile AS t ON t.id = s.tls
WHERE s.id > ?1
ORDER BY s.id LIMIT ?2;
