-- How many sessions showed a credential to every listener over time, and the exposure rate.
--
-- secret: a password or token as it is; guessable: a response that can be guessed offline.
-- rate = exposed / at_stake with its 95 % Wilson score interval, where exposed = secret + guessable and
-- at_stake are the encrypted sessions and those that tried to authenticate in clear. The headline's
-- sessions (relay, submission and retrieval without the internal ones), or those of :hop, of
-- :direction. :by hour, day (else), week (beginning on Monday), month. :since and :until (unix
-- seconds) choose the hours that begin in [since, until).
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
    SELECT day AS hour, direction, hop, verdict, exposure, sessions
    FROM whole CROSS JOIN rate_day WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, exposure, sessions
    FROM part CROSS JOIN rate WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           sum(iif(x.word = 'secret', sessions, 0)) AS secret,
           sum(iif(x.word = 'guessable', sessions, 0)) AS guessable,
           sum(iif(v.word IN ('implicit_tls', 'starttls') OR x.word <> 'untried', sessions, 0)) AS at_stake
    FROM rated AS r
    JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict
    JOIN word AS x ON x.kind = 'exposure' AND x.code = r.exposure
    JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop
                  AND iif(:hop IS NULL, h.word IN ('relay', 'submission', 'retrieval'), h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    GROUP BY hour
), sums AS (
    SELECT bucket, sum(secret) AS secret, sum(guessable) AS guessable, sum(at_stake) AS n,
           CAST(sum(secret + guessable) AS REAL) / sum(at_stake) AS p, 1.959963984540054 AS z
    FROM hours
    GROUP BY bucket
)
SELECT bucket, secret, guessable, secret + guessable AS exposed, n AS at_stake, round(p, 6) AS rate,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high
FROM sums
WHERE n > 0
ORDER BY bucket;
