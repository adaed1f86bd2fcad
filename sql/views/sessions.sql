-- One row for each session, with words for numbers. Lists are joined by spaces; an empty list
-- is '' and what does not apply is NULL. Booleans are 0 and 1, times RFC 3339 in UTC.
-- Bits: fact 0 not_mail … is read by name from `word`, so no number of a bit stands here.
DROP VIEW IF EXISTS sessions;
CREATE VIEW sessions AS
WITH bit AS MATERIALIZED (
    SELECT max(iif(word = 'offered', 1 << code, 0)) AS offered,
           max(iif(word = 'list_whole', 1 << code, 0)) AS list_whole,
           max(iif(word = 'requested', 1 << code, 0)) AS requested,
           max(iif(word = 'tls_first', 1 << code, 0)) AS tls_first,
           max(iif(word = 'tls_done', 1 << code, 0)) AS tls_done,
           max(iif(word = 'invited', 1 << code, 0)) AS invited,
           max(iif(kind = 'mark' AND word = 'midstream', 1 << code, 0)) AS midstream
    FROM word WHERE kind IN ('fact', 'mark')
)
SELECT s.id,
       strftime('%Y-%m-%dT%H:%M:%S', s.first_us / 1000000, 'unixepoch')
           || printf('.%06dZ', s.first_us % 1000000) AS timestamp,
       strftime('%Y-%m-%dT%H:%M:%S', (s.first_us + s.lasted_us) / 1000000, 'unixepoch')
           || printf('.%06dZ', (s.first_us + s.lasted_us) % 1000000) AS "end",
       client.text AS src_ip,
       s.client_port AS src_port,
       server.text AS dest_ip,
       server.port AS dest_port,
       '1:' || s.community || '=' AS community_id,
       protocol.word AS app_proto,
       hop.word AS hop,
       direction.word AS direction,
       verdict.word AS verdict,
       stage.word AS stage,
       rule.text AS rule,
       CASE WHEN t.flags & 2 THEN coalesce(version.word, printf('0x%04x', t.version)) END AS tls_version,
       CASE WHEN t.flags & 1 THEN coalesce(client_max.word, printf('0x%04x', t.client_max)) END
           AS tls_client_max,
       CASE WHEN t.flags & 2 AND t.version >= 768  -- the suites of SSLv2 have other numbers
            THEN coalesce(cipher.word, printf('0x%04x', t.cipher)) END AS tls_cipher,
       CASE WHEN t.flags & 2 AND t.grp THEN coalesce(grp.word, printf('0x%04x', t.grp)) END AS tls_group,
       CASE WHEN t.flags & 1 THEN t.flags >> 2 & 1 END AS tls_pq_offered,
       CASE WHEN t.flags & 2 THEN t.flags >> 3 & 1 END AS tls_pq,
       sni.text AS tls_sni,
       alpn.text AS tls_alpn,
       CASE WHEN t.flags & 2 THEN t.flags >> 4 & 1 END AS tls_resumed,
       CASE WHEN t.flags & 2 THEN t.flags >> 5 & 1 END AS tls_downgraded,
       cert.subject AS tls_subject,
       cert.issuer AS tls_issuer,
       strftime('%Y-%m-%dT%H:%M:%SZ', cert.not_before, 'unixepoch') AS tls_notbefore,
       strftime('%Y-%m-%dT%H:%M:%SZ', cert.not_after, 'unixepoch') AS tls_notafter,
       cert.self_signed AS tls_self_signed,
       finger.ja3 AS tls_ja3,
       finger.ja4 AS tls_ja4,
       CASE WHEN s.facts & bit.offered THEN 1
            WHEN s.facts & bit.list_whole THEN 0 END AS starttls_offered,
       -- where TLS was the first thing spoken there was no place for it
       CASE WHEN s.facts & bit.requested THEN 1
            WHEN s.facts & bit.tls_first AND NOT s.facts & (bit.offered | bit.list_whole) THEN NULL
            WHEN s.facts & bit.tls_done AND s.marks & bit.midstream THEN NULL
            ELSE 0 END AS starttls_requested,
       iif(s.starttls_reply >= 100, CAST(s.starttls_reply AS TEXT), reply.word) AS starttls_reply,
       CASE WHEN s.auth_offered IS NOT NULL THEN
           ltrim(coalesce((SELECT group_concat(word, ' ')
                           FROM (SELECT word FROM word
                                 WHERE kind = 'mechanism' AND s.auth_offered >> code & 1 ORDER BY code)), '')
                 || coalesce(' ' || others.text, '')) END AS auth_offered,
       command.word AS auth_command,
       CASE WHEN s.auth_exposure THEN coalesce(named.text, mechanism.word, 'unknown') END AS auth_mechanism,
       CASE WHEN s.auth_exposure THEN exposure.word END AS auth_exposure,
       CASE WHEN s.facts & bit.invited THEN 1
            WHEN s.auth_offered IS NOT NULL THEN 0 END AS auth_invited_in_clear,
       strip.word AS strip_grade,
       CASE WHEN s.evidence THEN
           (SELECT group_concat(word, ' ')
            FROM (SELECT word FROM word
                  WHERE kind = 'evidence' AND s.evidence >> (2 * code) & 3 ORDER BY code))
            ELSE '' END AS strip_evidence,
       CASE WHEN s.incidents THEN
           (SELECT group_concat(word, ' ')
            FROM (SELECT word FROM word
                  WHERE kind = 'incident' AND s.incidents >> code & 1 ORDER BY code))
            ELSE '' END AS incidents,
       CASE WHEN s.marks THEN
           (SELECT group_concat(word, ' ')
            FROM (SELECT word FROM word WHERE kind = 'mark' AND s.marks >> code & 1 ORDER BY code))
            ELSE '' END AS marks,
       CASE WHEN protocol.word IN ('smtp', 'lmtp', 'pop3') AND verdict.word <> 'other'
            THEN s.messages_clear END AS messages_clear,
       client_name.word AS client_name,
       s.pkts_toserver,
       s.pkts_toclient,
       s.bytes_toserver,
       s.bytes_toclient,
       proxy_client.text AS proxy_src_ip,
       s.proxy_client_port AS proxy_src_port,
       proxy_server.text AS proxy_dest_ip,
       proxy_server.port AS proxy_dest_port,
       coalesce(s.vlan, '') AS vlan,
       coalesce(s.tunnel, '') AS tunnel,
       source.path AS source,
       sensor.text AS sensor
FROM session AS s
CROSS JOIN bit
LEFT JOIN endpoint AS client ON client.id = s.client
LEFT JOIN endpoint AS server ON server.id = s.server
LEFT JOIN endpoint AS proxy_client ON proxy_client.id = s.proxy_client
LEFT JOIN endpoint AS proxy_server ON proxy_server.id = s.proxy_server
LEFT JOIN source ON source.id = s.source
LEFT JOIN name AS sensor ON sensor.id = s.sensor
LEFT JOIN name AS rule ON rule.id = s.rule
LEFT JOIN name AS sni ON sni.id = s.sni
LEFT JOIN name AS others ON others.id = s.auth_others
LEFT JOIN name AS named ON named.id = s.auth_named
LEFT JOIN tls_profile AS t ON t.id = s.tls
LEFT JOIN name AS alpn ON alpn.id = t.alpn
LEFT JOIN certificate AS cert ON cert.id = s.certificate
LEFT JOIN fingerprint AS finger ON finger.id = s.fingerprint
LEFT JOIN word AS protocol ON protocol.kind = 'protocol' AND protocol.code = s.protocol
LEFT JOIN word AS hop ON hop.kind = 'hop' AND hop.code = s.hop
LEFT JOIN word AS direction ON direction.kind = 'direction' AND direction.code = s.direction
LEFT JOIN word AS verdict ON verdict.kind = 'verdict' AND verdict.code = s.verdict
LEFT JOIN word AS stage ON stage.kind = 'stage' AND stage.code = s.stage
LEFT JOIN word AS strip ON strip.kind = 'strip' AND strip.code = s.strip
LEFT JOIN word AS reply ON reply.kind = 'starttls_reply' AND reply.code = s.starttls_reply
LEFT JOIN word AS command ON command.kind = 'auth_command' AND command.code = s.auth_command
LEFT JOIN word AS mechanism ON mechanism.kind = 'mechanism' AND mechanism.code = s.auth_mechanism
LEFT JOIN word AS exposure ON exposure.kind = 'exposure' AND exposure.code = s.auth_exposure
LEFT JOIN word AS client_name ON client_name.kind = 'client_name' AND client_name.code = s.client_name
LEFT JOIN word AS version ON version.kind = 'tls_version' AND version.code = t.version
LEFT JOIN word AS client_max ON client_max.kind = 'tls_version' AND client_max.code = t.client_max
LEFT JOIN word AS cipher ON cipher.kind = 'tls_cipher' AND cipher.code = t.cipher
LEFT JOIN word AS grp ON grp.kind = 'tls_group' AND grp.code = t.grp;
