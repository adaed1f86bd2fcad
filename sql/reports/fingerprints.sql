-- Which TLS clients there are, by JA4 and JA3, and how many of their sessions were encrypted.
--
-- A fingerprint names the software (and its settings) behind a ClientHello that was seen whole. encrypted are
-- the sessions whose handshake completed, failed those of which it did not; share is the part of the former of the
-- decided ones, which failed ones are not; below_12 are those of the encrypted ones that chose a TLS below 1.2; `other`
-- stands for what was beyond the bound of client_day. :since and :until (unix seconds) choose the days that begin in
-- [since, until).
WITH sums AS (
    SELECT direction, hop, fingerprint, tls_version, verdict, sum(sessions) AS sessions
    FROM client_day
    WHERE fingerprint <> 0 AND (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
    GROUP BY direction, hop, fingerprint, tls_version, verdict
), answer AS (
    SELECT fingerprint, sum(sessions) AS sessions,
           sum(iif(v.word IN ('implicit_tls', 'starttls'), sessions, 0)) AS encrypted,
           sum(iif(v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear'), sessions, 0)) AS decided,
           sum(iif(v.word = 'tls_failed', sessions, 0)) AS failed,
           sum(iif(v.word IN ('implicit_tls', 'starttls') AND tls_version BETWEEN 1 AND 770, sessions, 0)) AS below_12
    FROM sums AS s
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    GROUP BY fingerprint
)
SELECT coalesce(f.ja4, 'other') AS ja4, coalesce(f.ja3, 'other') AS ja3, sessions, encrypted, failed,
       round(CAST(encrypted AS REAL) / decided, 6) AS share, below_12
FROM answer LEFT JOIN fingerprint AS f ON f.id = fingerprint
ORDER BY sessions DESC, 1, 2;
