-- The list of sessions as documents of the Elastic Common Schema: its names where it has one, else below `mailseal`.
-- Bytes are those of TCP payload.
SELECT timestamp AS "@timestamp", '8.11.0' AS "ecs.version", 'event' AS "event.kind", 'network' AS "event.category",
       'connection protocol' AS "event.type", 'mailseal' AS "event.module", 'mailseal.session' AS "event.dataset",
       timestamp AS "event.start", "end" AS "event.end",
       src_ip AS "source.ip", src_port AS "source.port", bytes_toserver AS "source.bytes", pkts_toserver AS "source.packets",
       dest_ip AS "destination.ip", dest_port AS "destination.port", bytes_toclient AS "destination.bytes",
       pkts_toclient AS "destination.packets",
       'tcp' AS "network.transport", iif(instr(src_ip, ':'), 'ipv6', 'ipv4') AS "network.type",
       app_proto AS "network.protocol", community_id AS "network.community_id",
       iif(direction = 'transit', 'external', direction) AS "network.direction",
       bytes_toserver + bytes_toclient AS "network.bytes", pkts_toserver + pkts_toclient AS "network.packets",
       sensor AS "observer.name", 'mailseal' AS "observer.product", source AS "log.file.path",
       verdict IN ('implicit_tls', 'starttls') AS "tls.established",
       CASE WHEN tls_version LIKE 'TLSv%' THEN substr(tls_version, 5) WHEN tls_version LIKE 'SSLv%' THEN substr(tls_version, 5)
            END AS "tls.version",
       CASE WHEN tls_version LIKE 'TLSv%' THEN 'tls' WHEN tls_version LIKE 'SSLv%' THEN 'ssl' END AS "tls.version_protocol",
       tls_cipher AS "tls.cipher", tls_group AS "tls.curve", tls_resumed AS "tls.resumed",
       tls_sni AS "tls.client.server_name", tls_ja3 AS "tls.client.ja3",
       tls_subject AS "tls.server.subject", tls_issuer AS "tls.server.issuer", tls_notbefore AS "tls.server.not_before",
       tls_notafter AS "tls.server.not_after",
       id AS "mailseal.id", tls_ja4 AS "mailseal.ja4",
       hop AS "mailseal.hop", verdict AS "mailseal.verdict", stage AS "mailseal.stage",
       rule AS "mailseal.rule", nullif(incidents, '') AS "mailseal.incidents", nullif(marks, '') AS "mailseal.marks",
       messages_clear AS "mailseal.messages_clear", client_name AS "mailseal.client_name",
       starttls_offered AS "mailseal.starttls.offered", starttls_requested AS "mailseal.starttls.requested",
       starttls_reply AS "mailseal.starttls.reply", tls_client_max AS "mailseal.tls.client_max",
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
