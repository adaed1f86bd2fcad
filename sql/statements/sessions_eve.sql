-- The list of sessions as events of a Suricata log (EVE): its names where it has one, else below `mailseal`, whose bytes are
-- those of TCP payload.
SELECT substr(timestamp, 1, 26) || '+0000' AS timestamp, 'mailseal' AS event_type, sensor AS host, src_ip, src_port, dest_ip,
       dest_port, 'TCP' AS proto, app_proto, community_id, source AS pcap_filename, nullif(vlan, '') AS vlan,
       pkts_toserver AS "flow.pkts_toserver", pkts_toclient AS "flow.pkts_toclient",
       substr(timestamp, 1, 26) || '+0000' AS "flow.start", substr("end", 1, 26) || '+0000' AS "flow.end",
       CASE tls_version WHEN 'TLSv1.0' THEN 'TLSv1' ELSE replace(tls_version, 'TLSv', 'TLS ') END AS "tls.version",
       tls_sni AS "tls.sni", tls_subject AS "tls.subject", tls_issuer AS "tls.issuerdn",
       rtrim(tls_notbefore, 'Z') AS "tls.notbefore", rtrim(tls_notafter, 'Z') AS "tls.notafter",
       tls_resumed AS "tls.session_resumed", iif(verdict = 'starttls', app_proto, NULL) AS "tls.from_proto",
       tls_ja4 AS "tls.ja4", tls_ja3 AS "tls.ja3.hash",
       id AS "mailseal.id", bytes_toserver AS "mailseal.bytes_toserver", bytes_toclient AS "mailseal.bytes_toclient",
       hop AS "mailseal.hop", direction AS "mailseal.direction", verdict AS "mailseal.verdict", stage AS "mailseal.stage",
       rule AS "mailseal.rule", nullif(incidents, '') AS "mailseal.incidents", nullif(marks, '') AS "mailseal.marks",
       messages_clear AS "mailseal.messages_clear", client_name AS "mailseal.client_name",
       starttls_offered AS "mailseal.starttls.offered", starttls_requested AS "mailseal.starttls.requested",
       starttls_reply AS "mailseal.starttls.reply", tls_cipher AS "mailseal.tls.cipher",
       tls_client_max AS "mailseal.tls.client_max",
       tls_pq_offered AS "mailseal.tls.pq_offered", tls_pq AS "mailseal.tls.pq",
       tls_downgraded AS "mailseal.tls.downgraded", auth_offered AS "mailseal.auth.offered",
       auth_mechanism AS "mailseal.auth.mechanism", auth_exposure AS "mailseal.auth.exposure",
       nullif(strip_grade, 'none') AS "mailseal.strip.grade", nullif(strip_evidence, '') AS "mailseal.strip.evidence"
FROM sessions
WHERE (:verdict IS NULL OR verdict = :verdict)
  AND (:since IS NULL OR timestamp >= strftime('%Y-%m-%dT%H:%M:%S', :since, 'unixepoch'))
  AND (:until IS NULL OR timestamp < strftime('%Y-%m-%dT%H:%M:%S', :until, 'unixepoch'))
  AND (:hop IS NULL OR hop = :hop) AND (:direction IS NULL OR direction = :direction)
ORDER BY id;
