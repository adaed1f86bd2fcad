-- How good the captures are over time: sessions that lost something, and packets that were dropped.
--
-- loss = lost / sessions: one-sided, with a gap, begun or ended outside the capture, or with cut packets, of
-- all sessions. attempts are
-- connections without payload. Packets and what was dropped (NULL: no capture says) or could not be
-- decoded stand in the bucket in which their capture began. :by hour, day (else), week (beginning on Monday),
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
), rated AS (
    SELECT day AS hour, loss, sessions
    FROM whole CROSS JOIN rate_day WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, loss, sessions
    FROM part CROSS JOIN rate WHERE since < until AND hour >= since AND hour < until
), hours AS (
    SELECT hour, sum(sessions) AS sessions, sum(iif(loss, sessions, 0)) AS lost, 0 AS attempts,
           NULL AS captures, NULL AS packets, NULL AS dropped, NULL AS not_decoded
    FROM rated GROUP BY hour
    UNION ALL
    SELECT hour, 0, 0, sum(n), NULL, NULL, NULL, NULL FROM attempt GROUP BY hour
    UNION ALL
    SELECT first_us / 3600000000 * 3600, 0, 0, 0, 1, packets,
           iif(dropped_kernel IS NULL AND dropped_interface IS NULL, NULL,
               ifnull(dropped_kernel, 0) + ifnull(dropped_interface, 0)),
           fragment + truncated + malformed + unknown_link + too_deep
    FROM source WHERE first_us IS NOT NULL
), placed AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           sessions, lost, attempts, captures, packets, dropped, not_decoded
    FROM hours
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
)
SELECT bucket, sum(sessions) AS sessions, sum(lost) AS lost,
       round(CAST(sum(lost) AS REAL) / sum(sessions), 6) AS loss, sum(attempts) AS attempts,
       sum(captures) AS captures, sum(packets) AS packets, sum(dropped) AS dropped,
       sum(not_decoded) AS not_decoded
FROM placed
GROUP BY bucket
ORDER BY bucket;
