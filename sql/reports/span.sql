-- From when to when mail was seen, on how many days, and which width of bucket suits a picture of it.
--
-- first and last are days. by: hour up to two days, day up to 90, week up to two years, else month.
-- :since and :until (unix seconds) choose the hours that begin in [since, until).
WITH days AS (
    SELECT DISTINCT hour / 86400 AS day
    FROM rate JOIN word AS v ON v.kind = 'verdict' AND v.code = verdict AND v.word <> 'other'
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
), ends AS (
    SELECT min(day) AS first, max(day) AS last, count(*) AS days FROM days
)
SELECT date(first * 86400, 'unixepoch') AS first, date(last * 86400, 'unixepoch') AS last, days,
       CASE WHEN last - first < 2 THEN 'hour' WHEN last - first < 90 THEN 'day'
            WHEN last - first < 731 THEN 'week' ELSE 'month' END AS by
FROM ends WHERE days > 0;
