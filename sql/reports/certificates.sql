-- Which certificates servers showed in clear: by whom, until when, and how often out of time.
--
-- Up to TLS 1.2 a server's certificate travels in clear; of TLS 1.3 nothing is here. The first row is
-- all of them, then come the issuers (subject `all`), then each certificate. self_signed counts
-- certificates whose issuer and subject are the same name, out_of_time the sessions that began before
-- or behind the validity. Of the table `session`; :since and :until (unix seconds) choose the sessions
-- that begin in [since, until).
WITH seen AS (
    SELECT c.id, coalesce(c.issuer, '') AS issuer, coalesce(c.subject, '') AS subject, c.not_before, c.not_after,
           c.self_signed, s.server, s.first_us,
           s.incidents >> (SELECT code FROM word WHERE kind = 'incident' AND word = 'expired_certificate') & 1
               AS out_of_time
    FROM session AS s
    JOIN certificate AS c ON c.id = s.certificate
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND (:direction IS NULL OR d.word = :direction)
    WHERE (:since IS NULL OR s.first_us >= :since * 1000000) AND (:until IS NULL OR s.first_us < :until * 1000000)
), cells AS (
    SELECT 1 AS place, 'all' AS issuer, 'all' AS subject, NULL AS one, id, NULL AS not_before, NULL AS not_after,
           self_signed, server, first_us, out_of_time FROM seen
    UNION ALL
    SELECT 2, issuer, 'all', NULL, id, NULL, NULL, self_signed, server, first_us, out_of_time FROM seen
    UNION ALL
    SELECT 3, issuer, subject, id, id, not_before, not_after, self_signed, server, first_us, out_of_time FROM seen
)
SELECT issuer, subject,
       strftime('%Y-%m-%dT%H:%M:%SZ', not_before, 'unixepoch') AS notbefore,
       strftime('%Y-%m-%dT%H:%M:%SZ', not_after, 'unixepoch') AS notafter,
       count(DISTINCT id) AS certificates,
       count(DISTINCT iif(self_signed, id, NULL)) AS self_signed,
       count(DISTINCT server) AS servers,
       count(*) AS sessions,
       sum(out_of_time) AS out_of_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(first_us) / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(first_us) / 1000000, 'unixepoch') AS last
FROM cells
GROUP BY place, issuer, subject, one
ORDER BY place, count(*) DESC, issuer, subject, one;
