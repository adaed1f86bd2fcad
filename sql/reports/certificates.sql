-- Which certificates servers showed in clear: by whom, until when, and how often out of time.
--
-- Up to TLS 1.2 a server's certificate travels in clear; of TLS 1.3 nothing is here. The first row is
-- all of them, then come the issuers (subject `all`), then each certificate; `other` stands for what was beyond
-- the bound of certificate_day. self_signed counts certificates whose issuer and subject are the same name,
-- out_of_time the sessions that began before or behind the validity; first and last are days. :since and :until
-- (unix seconds) choose the days that begin in [since, until).
WITH seen AS (
    SELECT certificate, server, sum(sessions) AS sessions, sum(out_of_time) AS out_of_time, min(day) AS first,
           max(day) AS last
    FROM certificate_day
    WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
      AND (:hop IS NULL OR hop = (SELECT code FROM word WHERE kind = 'hop' AND word = :hop))
      AND (:direction IS NULL OR direction = (SELECT code FROM word WHERE kind = 'direction' AND word = :direction))
    GROUP BY certificate, server
), named AS (
    SELECT iif(certificate, coalesce(c.issuer, ''), 'other') AS issuer,
           iif(certificate, coalesce(c.subject, ''), 'other') AS subject, seen.*, c.not_before, c.not_after,
           c.self_signed
    FROM seen LEFT JOIN certificate AS c ON c.id = certificate
), cells AS (
    SELECT 1 AS place, 'all' AS issuer, 'all' AS subject, NULL AS one, certificate, NULL AS not_before,
           NULL AS not_after, self_signed, server, sessions, out_of_time, first, last FROM named
    UNION ALL
    SELECT 2, issuer, 'all', NULL, certificate, NULL, NULL, self_signed, server, sessions, out_of_time, first, last
    FROM named
    UNION ALL
    SELECT 3, issuer, subject, certificate, certificate, not_before, not_after, self_signed, server, sessions,
           out_of_time, first, last FROM named
)
SELECT issuer, subject,
       strftime('%Y-%m-%dT%H:%M:%SZ', not_before, 'unixepoch') AS notbefore,
       strftime('%Y-%m-%dT%H:%M:%SZ', not_after, 'unixepoch') AS notafter,
       count(DISTINCT certificate) AS certificates,
       count(DISTINCT iif(self_signed, certificate, NULL)) AS self_signed,
       count(DISTINCT server) AS servers,
       sum(sessions) AS sessions,
       sum(out_of_time) AS out_of_time,
       date(min(first), 'unixepoch') AS first,
       date(max(last), 'unixepoch') AS last
FROM cells
GROUP BY place, issuer, subject, one
ORDER BY place, sum(sessions) DESC, issuer, subject, one;
