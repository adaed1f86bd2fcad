-- Which TLS clients there are, by JA4 and JA3, and how many of their sessions were encrypted.
--
-- A fingerprint names the software (and its settings) behind a ClientHello that was seen whole. clients
-- and servers are addresses, the latter with ports; encrypted are the sessions whose handshake
-- completed. Of the table `session`; :since and :until (unix seconds) choose the sessions that begin in
-- [since, until).
SELECT f.ja4, f.ja3,
       count(DISTINCT s.client) AS clients,
       count(DISTINCT s.server) AS servers,
       count(*) AS sessions,
       sum(v.word IN ('implicit_tls', 'starttls')) AS encrypted,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(s.first_us) / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(s.first_us) / 1000000, 'unixepoch') AS last
FROM session AS s
JOIN fingerprint AS f ON f.id = s.fingerprint
JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR h.word = :hop)
JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
WHERE (:since IS NULL OR s.first_us >= :since * 1000000) AND (:until IS NULL OR s.first_us < :until * 1000000)
GROUP BY f.id
ORDER BY sessions DESC, f.ja4, f.ja3;
