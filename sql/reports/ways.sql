-- How TLS from the first byte and STARTTLS grow side by side, by hop, and what is left in clear.
--
-- Each is a share of the decided sessions with its 95 % Wilson score interval; the third part,
-- exposed, is stripped + clear_auth + clear. hop `all` is relay, submission and retrieval; internal
-- sessions only where :direction asks for them. :by hour, day (else), week (beginning on Monday),
-- month. :since and :until (unix seconds) choose the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT iif(:by IS 'hour', until, (since + 86399) / 86400 * 86400),
           iif(:by IS 'hour', until, until / 86400 * 86400) FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), tallied AS (
    SELECT day AS hour, hop, direction, verdict, decided, sessions
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, verdict, decided, sessions
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           hop, sum(iif(verdict = 'implicit_tls', sessions, 0)) AS implicit,
           sum(iif(verdict = 'starttls', sessions, 0)) AS starttls, sum(decided) AS decided
    FROM tallied
    WHERE decided > 0
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour, hop
), hops AS (
    SELECT * FROM hours
    UNION ALL
    SELECT bucket, 'all', implicit, starttls, decided
    FROM hours WHERE hop IN ('relay', 'submission', 'retrieval')
), sums AS (
    SELECT bucket, hop, sum(implicit) AS i, sum(starttls) AS s, sum(decided) AS n,
           CAST(sum(implicit) AS REAL) / sum(decided) AS pi,
           CAST(sum(starttls) AS REAL) / sum(decided) AS ps, 1.959963984540054 AS z
    FROM hops WHERE :hop IS NULL OR hop = :hop
    GROUP BY bucket, hop
)
SELECT bucket, hop, i AS implicit_tls, s AS starttls, n - i - s AS exposed, n AS decided,
       round(pi, 6) AS implicit_share,
       round(max(0.0, (pi + z*z/(2*n) - z * sqrt(pi*(1-pi)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6)
           AS implicit_low,
       round(min(1.0, (pi + z*z/(2*n) + z * sqrt(pi*(1-pi)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6)
           AS implicit_high,
       round(ps, 6) AS starttls_share,
       round(max(0.0, (ps + z*z/(2*n) - z * sqrt(ps*(1-ps)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6)
           AS starttls_low,
       round(min(1.0, (ps + z*z/(2*n) + z * sqrt(ps*(1-ps)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6)
           AS starttls_high,
       round(1 - pi - ps, 6) AS exposed_share
FROM sums
ORDER BY bucket, hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
