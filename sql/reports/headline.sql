-- The answer: the share of the last 30 days that were seen, of the same days a year before, and of all.
--
-- share = encrypted / decided; low and high are its 95 % Wilson score interval; the bounds count
-- what was not decided (TLS that failed, sessions incomplete by loss) as the worst and the best.
-- `latest` ends with the last day on which mail was seen; since and until are the days chosen,
-- first and last those that were seen. hop `all` is relay, submission and retrieval without the
-- internal sessions, which stand in a row of their own. :since and :until (unix seconds) choose
-- the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), tallied AS (
    SELECT day AS hour, hop, direction, verdict, encrypted, decided, undecided, mail, sessions
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, verdict, encrypted, decided, undecided, mail, sessions
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
), sums AS MATERIALIZED (
    SELECT hour / 86400 AS day, hop, direction, verdict, sum(encrypted) AS encrypted,
           sum(decided) AS decided, sum(undecided) AS undecided, sum(sessions) AS sessions
    FROM tallied
    WHERE mail > 0 AND (:direction IS NULL OR direction = :direction)
    GROUP BY 1, 2, 3, 4
), hops AS (
    SELECT iif(direction = 'internal' AND :direction IS NULL, 'internal', hop) AS hop, day, verdict,
           encrypted, decided, undecided, sessions
    FROM sums
    UNION ALL
    SELECT 'all', day, verdict, encrypted, decided, undecided, sessions
    FROM sums
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
), edge AS (
    SELECT min(day) AS first, max(day) + 1 AS until FROM sums
), periods AS (
    SELECT 1 AS place, 'latest' AS period, max(first, until - 30) AS since, until FROM edge
    UNION ALL
    SELECT 2, 'before', until - 395, until - 365 FROM edge
    UNION ALL
    SELECT 3, 'all', first, until FROM edge
), cells AS (
    SELECT place, period, since, until, hop, min(day) AS first, max(day) AS last,
           sum(encrypted) AS k, sum(decided) AS n, sum(undecided) AS u,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict = 'clear_auth', sessions, 0)) AS clear_auth,
           sum(iif(verdict = 'clear', sessions, 0)) AS clear,
           CAST(sum(encrypted) AS REAL) / sum(decided) AS p, 1.959963984540054 AS z
    FROM periods JOIN hops ON day >= since AND day < until
    WHERE :hop IS NULL OR hop = :hop
    GROUP BY place, hop
)
SELECT period, hop, date(since * 86400, 'unixepoch') AS since, date(until * 86400, 'unixepoch') AS until,
       date(first * 86400, 'unixepoch') AS first, date(last * 86400, 'unixepoch') AS last,
       k AS encrypted, n AS decided, round(p, 6) AS share,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(k AS REAL) / (n + u), 6) AS lower_bound,
       round(CAST(k + u AS REAL) / (n + u), 6) AS upper_bound,
       u AS undecided, stripped, clear_auth, clear
FROM cells
ORDER BY place, hop <> 'all', hop = 'internal', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
