-- From when to when mail was seen, on how many days, and which width of bucket suits a picture of it.
--
-- first and last are days. by: hour up to two days, day up to 90, week up to two years, else month.
-- :since and :until (unix seconds) choose the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), rated AS (
    SELECT day AS hour, verdict, sessions
    FROM whole CROSS JOIN rate_day WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, verdict, sessions
    FROM part CROSS JOIN rate WHERE since < until AND hour >= since AND hour < until
), days AS (
    SELECT DISTINCT hour / 86400 AS day
    FROM rated JOIN word AS v ON v.kind = 'verdict' AND v.code = verdict AND v.word <> 'other'
), ends AS (
    SELECT min(day) AS first, max(day) AS last, count(*) AS days FROM days
)
SELECT date(first * 86400, 'unixepoch') AS first, date(last * 86400, 'unixepoch') AS last, days,
       CASE WHEN last - first < 2 THEN 'hour' WHEN last - first < 90 THEN 'day'
            WHEN last - first < 731 THEN 'week' ELSE 'month' END AS by
FROM ends WHERE days > 0;
