-- How far post-quantum key exchange has come: how many encrypted sessions offered it, and chose it.
--
-- offered_share = offered / hellos, the encrypted sessions whose ClientHello was seen;
-- chosen_share = chosen / answers, those whose ServerHello was. Offers are known by day only, so not
-- with :by hour. The headline's sessions (relay, submission and retrieval without the internal ones),
-- or those of :hop, of :direction. :by hour, day (else), week (beginning on Monday), month. :since
-- and :until (unix seconds) choose the hours and days that begin in [since, until).
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
    SELECT day AS hour, direction, hop, verdict, tls_version, pq, sessions
    FROM whole CROSS JOIN rate_day WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, tls_version, pq, sessions
    FROM part CROSS JOIN rate WHERE since < until AND hour >= since AND hour < until
), hops AS (
    SELECT code FROM word
    WHERE kind = 'hop' AND iif(:hop IS NULL, word IN ('relay', 'submission', 'retrieval'), word = :hop)
), directions AS (
    SELECT code FROM word
    WHERE kind = 'direction' AND iif(:direction IS NULL, word <> 'internal', word = :direction)
), hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           0 AS offered, 0 AS hellos, sum(iif(pq, sessions, 0)) AS chosen, sum(sessions) AS answers
    FROM rated
    JOIN word AS v ON v.kind = 'verdict' AND v.code = verdict AND v.word IN ('implicit_tls', 'starttls')
    WHERE tls_version AND hop IN (SELECT code FROM hops) AND direction IN (SELECT code FROM directions)
    GROUP BY hour
    UNION ALL
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', day, 'unixepoch')
                    WHEN 'week' THEN date(day, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(day, 'unixepoch', 'start of month')
                    ELSE date(day, 'unixepoch') END AS bucket,
           sum(iif(pq_offered = 1, sessions, 0)), sum(sessions), 0, 0
    FROM tls_day
    WHERE pq_offered < 2 AND hop IN (SELECT code FROM hops) AND direction IN (SELECT code FROM directions)
      AND (:by IS NULL OR :by <> 'hour')
      AND (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
    GROUP BY day
)
SELECT bucket, sum(offered) AS offered, sum(hellos) AS hellos,
       round(CAST(sum(offered) AS REAL) / sum(hellos), 6) AS offered_share,
       sum(chosen) AS chosen, sum(answers) AS answers,
       round(CAST(sum(chosen) AS REAL) / sum(answers), 6) AS chosen_share
FROM hours
GROUP BY bucket
ORDER BY bucket;
