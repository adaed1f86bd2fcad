-- Which families of TLS clients lag behind, by the first part of their JA4, and how much of their mail was encrypted.
--
-- The first part of a JA4 (t13d1516h2) says the highest TLS version offered, whether there was a server name (d) or
-- none (i), how many ciphers and extensions, and the ALPN: programs and their libraries, never persons. tls is that
-- version. family `no hello` are sessions in which no ClientHello was seen whole, clear ones above all; `other` is what
-- was beyond the bound of client_day. fingerprints are whole JA4 and JA3. exposed = stripped + clear_auth + clear, failed
-- are those of which TLS failed, below_12 the encrypted ones that chose a TLS below 1.2. Internal sessions only where
-- :direction asks for them. :since and :until (unix seconds) choose the days that begin in [since, until).
WITH sums AS (
    SELECT direction, hop, fingerprint, tls_version, verdict, sum(sessions) AS sessions
    FROM client_day
    WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
    GROUP BY direction, hop, fingerprint, tls_version, verdict
), named AS (
    SELECT CASE fingerprint WHEN 0 THEN 'no hello' WHEN -1 THEN 'other' ELSE coalesce(substr(f.ja4, 1, 10), 'other') END AS family,
           iif(fingerprint > 0, fingerprint, NULL) AS fingerprint, tls_version, v.word AS verdict, sessions
    FROM sums AS s
    LEFT JOIN fingerprint AS f ON f.id = s.fingerprint
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
), answer AS (
    SELECT family, count(DISTINCT fingerprint) AS fingerprints, sum(sessions) AS sessions,
           sum(iif(verdict IN ('implicit_tls', 'starttls'), sessions, 0)) AS encrypted,
           sum(iif(verdict IN ('stripped', 'clear_auth', 'clear'), sessions, 0)) AS exposed,
           sum(iif(verdict = 'tls_failed', sessions, 0)) AS failed,
           sum(iif(verdict IN ('implicit_tls', 'starttls') AND tls_version BETWEEN 1 AND 770, sessions, 0)) AS below_12
    FROM named GROUP BY family
)
SELECT family, iif(fingerprints, CASE substr(family, 2, 2) WHEN '13' THEN '1.3' WHEN '12' THEN '1.2' WHEN '11' THEN '1.1'
                                      WHEN '10' THEN '1.0' ELSE 'older' END, NULL) AS tls,
       fingerprints, sessions, encrypted, exposed, failed, below_12,
       round(CAST(encrypted AS REAL) / (encrypted + exposed), 6) AS share
FROM answer
ORDER BY exposed + failed + below_12 DESC, sessions DESC, family;
