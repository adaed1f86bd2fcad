-- Which server ports mail goes through, and how much of it is still in clear on each.
--
-- exposed = stripped + clear_auth + clear; share = encrypted / decided. The hops of the headline, internal
-- sessions only where :direction asks for them; port 0 stands for odd ports beyond the first 64.
-- :since and :until (unix seconds) choose the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), tallied AS (
    SELECT day AS hour, hop, direction, server_port, encrypted, decided
    FROM whole CROSS JOIN day_tallies WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, hop, direction, server_port, encrypted, decided
    FROM part CROSS JOIN tallies WHERE since < until AND hour >= since AND hour < until
)
SELECT hop, server_port AS port, sum(encrypted) AS encrypted, sum(decided) - sum(encrypted) AS exposed,
       sum(decided) AS decided, round(CAST(sum(encrypted) AS REAL) / sum(decided), 6) AS share
FROM tallied
WHERE decided > 0
  AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
  AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
GROUP BY hop, server_port
ORDER BY (SELECT code FROM word WHERE kind = 'hop' AND word = hop), sum(decided) DESC, server_port;
