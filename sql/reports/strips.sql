-- How often somebody on the path kept TLS away, over time.
--
-- rate = stripped / at_stake with its 95 % Wilson score interval, where at_stake are the sessions on ports
-- that upgrade with verdict starttls, stripped, clear or clear_auth; rate_possible counts the clear
-- ones with evidence of grade `possible` too; allowed are those at stake on whose path it is known and wanted, which count
-- for none of these. The headline's sessions (relay, submission and retrieval
-- without the internal ones), or those of :hop, of :direction. :by hour, day (else), week (beginning
-- on Monday), month. :since and :until (unix seconds) choose the hours that begin in [since, until).
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
    SELECT day AS hour, hop, direction, verdict, server_port, strip, sessions
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, verdict, server_port, strip, sessions
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict IN ('clear', 'clear_auth') AND strip = 'possible', sessions, 0)) AS possible,
           sum(iif(strip = 'allowed', sessions, 0)) AS allowed,
           sum(sessions) AS at_stake
    FROM tallied
    WHERE server_port NOT IN (465, 993, 995) AND verdict IN ('starttls', 'stripped', 'clear', 'clear_auth')
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour
), sums AS (
    SELECT bucket, sum(stripped) AS stripped, sum(possible) AS possible, sum(allowed) AS allowed, sum(at_stake) AS n,
           CAST(sum(stripped) AS REAL) / sum(at_stake) AS p, 1.959963984540054 AS z
    FROM hours
    GROUP BY bucket
)
SELECT bucket, stripped, possible, n AS at_stake, round(p, 6) AS rate,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(stripped + possible AS REAL) / n, 6) AS rate_possible, allowed
FROM sums
ORDER BY bucket;
