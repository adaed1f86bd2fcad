-- How the verdicts of mail sessions shift over time: a row for each bucket, a column for each verdict.
--
-- The headline's sessions (relay, submission and retrieval without the internal ones), or those of
-- :hop, of :direction. :by hour, day (else), week (beginning on Monday), month. :since and :until
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
), tallied AS (
    SELECT day AS hour, hop, direction, verdict, mail, sessions
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, verdict, mail, sessions
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           verdict, sum(sessions) AS sessions
    FROM tallied
    WHERE mail > 0
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour, verdict
)
SELECT bucket, sum(sessions) AS sessions,
       sum(iif(verdict = 'implicit_tls', sessions, 0)) AS implicit_tls,
       sum(iif(verdict = 'starttls', sessions, 0)) AS starttls,
       sum(iif(verdict = 'tls_failed', sessions, 0)) AS tls_failed,
       sum(iif(verdict = 'incomplete', sessions, 0)) AS incomplete,
       sum(iif(verdict = 'clear', sessions, 0)) AS clear,
       sum(iif(verdict = 'clear_auth', sessions, 0)) AS clear_auth,
       sum(iif(verdict = 'stripped', sessions, 0)) AS stripped
FROM hours
GROUP BY bucket
ORDER BY bucket;
