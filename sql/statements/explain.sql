-- One session with all that explains it; :id its number. Columns by the names that report/explain.c looks for.
SELECT v.timestamp, v."end", v.src_ip, v.src_port, v.dest_ip, v.dest_port, v.app_proto, v.hop, v.direction,
       v.verdict, v.rule, v.stage,
       v.tls_version, v.tls_client_max, v.tls_cipher, v.tls_group,
       v.auth_command, v.auth_mechanism, v.auth_exposure, v.strip_grade,
       v.vlan, v.tunnel, v.source,
       s.first_us, s.lasted_us, client.address AS client_address, server.address AS server_address,
       s.protocol, s.verdict AS verdict_code, s.facts, s.evidence, s.incidents, s.marks, s.flags,
       s.source AS source_id, source.grp, database.addresses, trace.bytes AS trace
FROM session AS s
JOIN sessions AS v ON v.id = s.id
CROSS JOIN database
LEFT JOIN endpoint AS client ON client.id = s.client
LEFT JOIN endpoint AS server ON server.id = s.server
LEFT JOIN source ON source.id = s.source
LEFT JOIN trace ON trace.session = s.id
WHERE s.id = :id;
