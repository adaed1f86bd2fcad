-- How much mail is encrypted in transit, over time and by hop, with its interval and bounds.
--
-- share = encrypted / decided; low and high are its 95 % Wilson score interval; the bounds count
-- what was not decided (TLS that failed, sessions incomplete by loss) as the worst and the best.
-- hop `all` is the headline: relay, submission and retrieval. direction `all` is every session
-- but the internal ones, which are clear by design behind a balancer and stand in rows of their
-- own; so do the other directions where local networks are known. The headline of a bucket is
-- its row with hop `all` and direction `all`; adding rows up counts sessions twice.
-- :by hour, day (else), week (beginning on Monday), month. :since and :until (unix seconds)
-- choose the hours that begin in [since, until). :hop and :direction keep those rows only.
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT iif(:by IS 'hour', until, (since + 86399) / 86400 * 86400),
           iif(:by IS 'hour', until, until / 86400 * 86400) FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), hours AS (
    SELECT day AS hour, direction, hop, verdict, loss, sessions
    FROM rate_day, whole WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, loss, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND hour >= since AND hour < until
), sums AS (
    SELECT hour, direction, hop,
           sum(iif(verdict IN (SELECT code FROM word WHERE kind = 'verdict' AND word IN ('implicit_tls', 'starttls')),
                   sessions, 0)) AS encrypted,
           sum(iif(verdict IN (SELECT code FROM word WHERE kind = 'verdict'
                               AND word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')),
                   sessions, 0)) AS decided,
           sum(iif(verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'tls_failed')
                   OR (loss AND verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'incomplete')),
                   sessions, 0)) AS undecided
    FROM hours
    WHERE verdict <> (SELECT code FROM word WHERE kind = 'verdict' AND word = 'other')
    GROUP BY hour, direction, hop
    HAVING sum(sessions) > 0
), buckets AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           hop, direction, sum(encrypted) AS encrypted, sum(decided) AS decided, sum(undecided) AS undecided
    FROM sums GROUP BY 1, 2, 3
), hops AS (                                -- code -1 is all of them
    SELECT * FROM buckets
    UNION ALL
    SELECT bucket, -1, direction, encrypted, decided, undecided
    FROM buckets
    WHERE hop IN (SELECT code FROM word WHERE kind = 'hop' AND word IN ('relay', 'submission', 'retrieval'))
), cells AS (
    SELECT * FROM hops
    UNION ALL
    SELECT bucket, hop, -1, encrypted, decided, undecided
    FROM hops WHERE direction <> (SELECT code FROM word WHERE kind = 'direction' AND word = 'internal')
), answer AS (
    SELECT bucket, hop, direction, sum(encrypted) AS k, sum(decided) AS n, sum(undecided) AS u,
           CAST(sum(encrypted) AS REAL) / sum(decided) AS p, 1.959963984540054 AS z
    FROM cells GROUP BY bucket, hop, direction
), named AS (
    SELECT bucket, iif(s.hop < 0, 'all', h.word) AS hop, s.hop AS hop_code,
           iif(s.direction < 0, 'all', d.word) AS direction, s.direction AS direction_code, k, n, u, p, z
    FROM answer AS s
    LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    LEFT JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
)
SELECT bucket, hop, direction, k AS encrypted, n AS decided,
       round(p, 6) AS share,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(k AS REAL) / (n + u), 6) AS lower_bound,
       round(CAST(k + u AS REAL) / (n + u), 6) AS upper_bound
FROM named
WHERE (:hop IS NULL OR hop = :hop)
  AND iif(:direction IS NULL, direction <> 'unknown', direction = :direction)
ORDER BY bucket, direction_code, hop_code;
