-- Where somebody on the path kept TLS away: the stripped rate, and the evidence it stands on.
--
-- Rows with evidence `any`: rate = stripped / at_stake, where at_stake are the sessions on ports
-- that upgrade with verdict starttls, stripped, clear or clear_auth; rate_possible counts the
-- clear ones with evidence of grade `possible` too, as the upper bound. hop `all` is relay,
-- submission and retrieval without the internal sessions. The other rows count sessions by
-- evidence and grade (one session can show several); stripped are
-- those of them with that verdict. What is allowed stands in `allowed`, all of it, also what is not at stake (where TLS
-- failed, for one); it is never stripped, and its evidence has the grade `allowed`. :since and :until (unix seconds) choose the hours that begin
-- in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), hours AS (
    SELECT day AS hour, direction, hop, verdict, strip, server_port, sessions
    FROM rate_day, whole WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, strip, server_port, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND hour >= since AND hour < until
), sums AS (
    SELECT direction, hop, verdict, strip, server_port, sum(sessions) AS sessions
    FROM hours GROUP BY direction, hop, verdict, strip, server_port
), named AS (
    SELECT h.word AS hop, d.word AS direction, v.word AS verdict, g.word AS strip, sessions,
           server_port NOT IN (465, 993, 995)
               AND v.word IN ('starttls', 'stripped', 'clear', 'clear_auth') AS at_stake
    FROM sums AS s
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    JOIN word AS g ON g.kind = 'strip' AND g.code = s.strip
), hops AS (
    SELECT * FROM named
    UNION ALL
    SELECT 'all', direction, verdict, strip, sessions, at_stake
    FROM named
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
), rates AS (
    SELECT hop, sum(iif(strip <> 'none', sessions, 0)) AS sessions,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict = 'stripped' AND at_stake, sessions, 0)) AS k,
           sum(iif(verdict IN ('clear', 'clear_auth') AND strip = 'possible' AND at_stake, sessions, 0))
               AS possible,
           sum(iif(strip = 'allowed', sessions, 0)) AS allowed,
           sum(iif(at_stake, sessions, 0)) AS n
    FROM hops GROUP BY hop
), seen AS (
    SELECT h.word AS hop, e.code, e.word AS evidence, s.grade, sum(s.sessions) AS sessions,
           sum(iif(v.word = 'stripped', s.sessions, 0)) AS stripped
    FROM evidence_hour AS s
    JOIN word AS e ON e.kind = 'evidence' AND e.code = s.evidence
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
    GROUP BY 1, 2, 3, 4
), both AS (
    SELECT hop, -1 AS code, 'any' AS evidence, NULL AS grade, sessions, stripped, allowed, n AS at_stake,
           round(CAST(k AS REAL) / n, 6) AS rate,
           round(CAST(k + possible AS REAL) / n, 6) AS rate_possible
    FROM rates WHERE n OR sessions
    UNION ALL
    SELECT hop, code, evidence, grade, sessions, stripped, NULL, NULL, NULL, NULL FROM seen
)
SELECT hop, evidence, (SELECT word FROM word WHERE kind = 'strip' AND code = grade) AS grade, sessions,
       stripped, at_stake, rate, rate_possible, allowed
FROM both
WHERE :hop IS NULL OR hop = :hop
ORDER BY code >= 0, hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop), both.code,
         both.grade DESC;
