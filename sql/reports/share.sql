-- How much mail is encrypted in transit, over time and by hop, with its interval and bounds.
--
-- share = encrypted / decided; low and high are its 95 % Wilson score interval; the bounds count
-- what was not decided (TLS that failed, sessions incomplete by loss) as the worst and the best.
-- hop `all` is the headline: relay, submission and retrieval. direction `all` is every session
-- but the internal ones, which are clear by design behind a balancer and stand in rows of their
-- own; so do the other directions where local networks are known. The headline of a bucket is
-- its row with hop `all` and direction `all`; adding rows up counts sessions twice.
-- :by hour, day (else), week (beginning on Monday), month. :since and :until (unix seconds)
-- choose the hours that begin in [since, until). :hop and :direction keep those rows only.
WITH hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           hop, direction, encrypted, decided, undecided
    FROM tallies
    WHERE mail > 0 AND (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
), hops AS (
    SELECT * FROM hours
    UNION ALL
    SELECT bucket, 'all', direction, encrypted, decided, undecided
    FROM hours WHERE hop IN ('relay', 'submission', 'retrieval')
), cells AS (
    SELECT * FROM hops
    UNION ALL
    SELECT bucket, hop, 'all', encrypted, decided, undecided
    FROM hops WHERE direction <> 'internal'
), sums AS (
    SELECT bucket, hop, direction, sum(encrypted) AS k, sum(decided) AS n, sum(undecided) AS u,
           CAST(sum(encrypted) AS REAL) / sum(decided) AS p, 1.959963984540054 AS z
    FROM cells
    WHERE (:hop IS NULL OR hop = :hop)
      AND iif(:direction IS NULL, direction <> 'unknown', direction = :direction)
    GROUP BY bucket, hop, direction
)
SELECT bucket, hop, direction, k AS encrypted, n AS decided,
       round(p, 6) AS share,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(k AS REAL) / (n + u), 6) AS lower_bound,
       round(CAST(k + u AS REAL) / (n + u), 6) AS upper_bound
FROM sums
ORDER BY bucket,
         direction <> 'all', (SELECT code FROM word WHERE kind = 'direction' AND word = direction),
         hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
