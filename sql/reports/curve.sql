-- The points of the adoption curve: the share of each day, or of each week beyond half a year.
--
-- middle is that of the bucket in days since 1970, days its width (a week begins on Monday), bucket its first day. :hop keeps
-- one; else the headline: relay, submission and retrieval. :verdict takes the part of decided sessions that has this one, such
-- as implicit_tls, for that which is encrypted. Internal sessions only where :direction asks
-- for them. :since and :until (unix seconds) choose the hours that begin in [since, until). The command
-- `mailseal curve` fits them.
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), tallied AS (
    SELECT day AS hour, hop, direction, verdict, encrypted, decided
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, verdict, encrypted, decided
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
), chosen AS (
    SELECT hour / 86400 AS day, sum(CASE WHEN :verdict IS NULL THEN encrypted WHEN verdict = :verdict THEN decided ELSE 0 END) AS encrypted,
           sum(decided) AS decided
    FROM tallied
    WHERE decided > 0
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour / 86400
), width AS (
    SELECT iif(max(day) - min(day) > 180, 7, 1) AS days FROM chosen
)
SELECT (day + 3) / days * days - 3 + days / 2.0 AS middle, days, sum(encrypted) AS encrypted,
       sum(decided) AS decided, date(((day + 3) / days * days - 3) * 86400, 'unixepoch') AS bucket
FROM chosen CROSS JOIN width
GROUP BY middle
ORDER BY middle;
