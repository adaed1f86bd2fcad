-- The list of sessions, under the names that other programs are built on. The last column is
-- not shown: whether tls.alpn is the server's choice or a list of the client's offers.
SELECT id, timestamp, "end", src_ip, src_port, dest_ip, dest_port, community_id, app_proto, hop, direction,
       verdict, stage, rule,
       tls_version AS "tls.version", tls_client_max AS "tls.client_max", tls_cipher AS "tls.cipher",
       tls_group AS "tls.group", tls_pq_offered AS "tls.pq_offered", tls_pq AS "tls.pq",
       tls_sni AS "tls.sni", tls_alpn AS "tls.alpn", tls_resumed AS "tls.resumed",
       tls_downgraded AS "tls.downgraded", tls_subject AS "tls.subject", tls_issuer AS "tls.issuer",
       tls_notbefore AS "tls.notbefore", tls_notafter AS "tls.notafter",
       tls_self_signed AS "tls.self_signed", tls_ja3 AS "tls.ja3", tls_ja4 AS "tls.ja4",
       starttls_offered AS "starttls.offered", starttls_requested AS "starttls.requested",
       starttls_reply AS "starttls.reply",
       auth_offered AS "auth.offered", auth_command AS "auth.command", auth_mechanism AS "auth.mechanism",
       auth_exposure AS "auth.exposure", auth_invited_in_clear AS "auth.invited_in_clear",
       strip_grade AS "strip.grade", strip_evidence AS "strip.evidence",
       incidents, marks, messages_clear, client_name AS "client.name", pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient,
       proxy_src_ip AS "proxy.src_ip", proxy_src_port AS "proxy.src_port",
       proxy_dest_ip AS "proxy.dest_ip", proxy_dest_port AS "proxy.dest_port",
       vlan, tunnel, source, sensor,
       CASE WHEN tls_alpn IS NOT NULL THEN
           (SELECT p.flags >> 6 & 1 FROM session AS s JOIN tls_profile AS p ON p.id = s.tls
            WHERE s.id = sessions.id) END AS alpn_chosen
FROM sessions
WHERE (:verdict IS NULL OR verdict = :verdict)
  AND (:since IS NULL OR timestamp >= strftime('%Y-%m-%dT%H:%M:%S', :since, 'unixepoch'))
  AND (:until IS NULL OR timestamp < strftime('%Y-%m-%dT%H:%M:%S', :until, 'unixepoch'))
  AND (:hop IS NULL OR hop = :hop) AND (:direction IS NULL OR direction = :direction)
ORDER BY id;
