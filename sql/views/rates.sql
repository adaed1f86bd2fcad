-- The table `rate` with its dimensions as text; the hour is that of the bucket's beginning, UTC.
DROP VIEW IF EXISTS rates;
CREATE VIEW rates AS
SELECT s.text AS sensor,
       r.database,
       strftime('%Y-%m-%dT%H:%M:%SZ', r.hour, 'unixepoch') AS hour,
       d.word AS direction,
       h.word AS hop,
       p.word AS protocol,
       r.server_port,
       v.word AS verdict,
       g.word AS strip,
       CASE WHEN r.tls_version THEN coalesce(t.word, printf('0x%04x', r.tls_version)) END AS tls_version,
       r.pq,
       e.word AS exposure,
       r.loss,
       r.sessions,
       r.bytes,
       r.messages_clear,
       r.rev
FROM rate AS r
LEFT JOIN name AS s ON s.id = r.sensor
LEFT JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop
LEFT JOIN word AS p ON p.kind = 'protocol' AND p.code = r.protocol
LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict
LEFT JOIN word AS g ON g.kind = 'strip' AND g.code = r.strip
LEFT JOIN word AS t ON t.kind = 'tls_version' AND t.code = r.tls_version
LEFT JOIN word AS e ON e.kind = 'exposure' AND e.code = r.exposure;
