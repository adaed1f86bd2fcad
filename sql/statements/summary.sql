-- The closing figures of `analyze`: the headline (hop `all`: relay, submission and retrieval
-- without internal sessions), each hop, and the internal sessions beside them.
WITH cells AS (
    SELECT 'all' AS line, t.* FROM day_tallies AS t
    WHERE hop IN ('relay', 'submission', 'retrieval') AND direction <> 'internal'
    UNION ALL
    SELECT hop, t.* FROM day_tallies AS t WHERE direction <> 'internal'
    UNION ALL
    SELECT 'internal', t.* FROM day_tallies AS t WHERE direction = 'internal'
), sums AS (
    SELECT line, sum(encrypted) AS k, sum(decided) AS n, sum(undecided) AS u,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict = 'clear_auth', sessions, 0)) AS clear_auth,
           sum(iif(verdict = 'clear', sessions, 0)) AS clear,
           sum(iif(verdict IN ('clear', 'clear_auth') AND strip = 'possible', sessions, 0)) AS possible,
           sum(iif(strip = 'allowed', sessions, 0)) AS allowed,
           sum(iif(verdict = 'tls_failed', sessions, 0)) AS tls_failed,
           sum(iif(verdict = 'incomplete', sessions, 0)) AS incomplete, sum(lost) AS lost,
           CAST(sum(encrypted) AS REAL) / sum(decided) AS p, 1.959963984540054 AS z
    FROM cells WHERE mail > 0
    GROUP BY line
)
SELECT line AS hop, k AS encrypted, n AS decided, p AS share,
       max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)) AS low,
       min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)) AS high,
       CAST(k AS REAL) / (n + u) AS lower_bound,
       CAST(k + u AS REAL) / (n + u) AS upper_bound,
       stripped, clear_auth, clear, possible, allowed, tls_failed, incomplete, lost
FROM sums
ORDER BY line <> 'all', line = 'internal', (SELECT code FROM word WHERE kind = 'hop' AND word = line);
