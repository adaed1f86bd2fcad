-- How often somebody on the path kept TLS away, over time.
--
-- rate = stripped / at_stake with its 95 % Wilson score interval, where at_stake are the sessions on ports
-- that upgrade with verdict starttls, stripped, clear or clear_auth; rate_possible counts the clear
-- ones with evidence of grade `possible` too. The headline's sessions (relay, submission and retrieval
-- without the internal ones), or those of :hop, of :direction. :by hour, day (else), week (beginning
-- on Monday), month. :since and :until (unix seconds) choose the hours that begin in [since, until).
WITH hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict IN ('clear', 'clear_auth') AND strip = 'possible', sessions, 0)) AS possible,
           sum(sessions) AS at_stake
    FROM tallies
    WHERE server_port NOT IN (465, 993, 995) AND verdict IN ('starttls', 'stripped', 'clear', 'clear_auth')
      AND (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour
), sums AS (
    SELECT bucket, sum(stripped) AS stripped, sum(possible) AS possible, sum(at_stake) AS n,
           CAST(sum(stripped) AS REAL) / sum(at_stake) AS p, 1.959963984540054 AS z
    FROM hours
    GROUP BY bucket
)
SELECT bucket, stripped, possible, n AS at_stake, round(p, 6) AS rate,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(stripped + possible AS REAL) / n, 6) AS rate_possible
FROM sums
ORDER BY bucket;
