-- Which TLS versions encrypted sessions chose over time.
--
-- older is all below 1.2 (deprecated by RFC 8996); unknown stands where the ServerHello was not
-- seen. The headline's sessions (relay, submission and retrieval without the internal ones), or those
-- of :hop, of :direction. :by hour, day (else), week (beginning on Monday), month. :since and :until
-- (unix seconds) choose the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT iif(:by IS 'hour', until, (since + 86399) / 86400 * 86400),
           iif(:by IS 'hour', until, until / 86400 * 86400) FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), rated AS (
    SELECT day AS hour, direction, hop, verdict, tls_version, sessions
    FROM whole CROSS JOIN rate_day WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, tls_version, sessions
    FROM part CROSS JOIN rate WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           tls_version AS version, sum(sessions) AS sessions
    FROM rated AS r
    JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict AND v.word IN ('implicit_tls', 'starttls')
    JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop
                  AND iif(:hop IS NULL, h.word IN ('relay', 'submission', 'retrieval'), h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    GROUP BY hour, tls_version
), codes AS (
    SELECT max(iif(word = 'TLSv1.3', code, 0)) AS tls13, max(iif(word = 'TLSv1.2', code, 0)) AS tls12
    FROM word WHERE kind = 'tls_version'
)
SELECT bucket, sum(sessions) AS sessions,
       sum(iif(version = tls13, sessions, 0)) AS tls13,
       sum(iif(version = tls12, sessions, 0)) AS tls12,
       sum(iif(version > 0 AND version < tls12, sessions, 0)) AS older,
       sum(iif(version = 0 OR version > tls13, sessions, 0)) AS unknown
FROM hours CROSS JOIN codes
GROUP BY bucket
ORDER BY bucket;
