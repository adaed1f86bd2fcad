-- Where somebody on the path kept TLS away: the stripped rate, and the evidence it stands on.
--
-- Rows with evidence `any`: rate = stripped / at_stake, where at_stake are the sessions on ports
-- that upgrade with verdict starttls, stripped, clear or clear_auth; rate_possible counts the
-- clear ones with evidence of grade `possible` too, as the upper bound. hop `all` is relay,
-- submission and retrieval without the internal sessions. The other rows count sessions by
-- evidence and grade, from the rows of `session` (one session can show several); stripped are
-- those of them with that verdict. :since and :until (unix seconds) choose the hours that begin
-- in [since, until).
WITH hours AS (
    SELECT hop, direction, verdict, strip, sessions,
           server_port NOT IN (465, 993, 995)
               AND verdict IN ('starttls', 'stripped', 'clear', 'clear_auth') AS at_stake
    FROM tallies
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
      AND (:direction IS NULL OR direction = :direction)
), hops AS (
    SELECT * FROM hours
    UNION ALL
    SELECT 'all', direction, verdict, strip, sessions, at_stake
    FROM hours
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
), rates AS (
    SELECT hop, sum(iif(strip <> 'none', sessions, 0)) AS sessions,
           sum(iif(verdict = 'stripped', sessions, 0)) AS stripped,
           sum(iif(verdict = 'stripped' AND at_stake, sessions, 0)) AS k,
           sum(iif(verdict IN ('clear', 'clear_auth') AND strip = 'possible' AND at_stake, sessions, 0))
               AS possible,
           sum(iif(at_stake, sessions, 0)) AS n
    FROM hops GROUP BY hop
), seen AS (
    SELECT h.word AS hop, e.code, e.word AS evidence, s.evidence >> (2 * e.code) & 3 AS grade,
           count(*) AS sessions, sum(v.word = 'stripped') AS stripped
    FROM session AS s
    JOIN word AS e ON e.kind = 'evidence' AND s.evidence >> (2 * e.code) & 3
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    WHERE s.evidence
      AND (:since IS NULL OR s.first_us / 3600000000 * 3600 >= :since)
      AND (:until IS NULL OR s.first_us / 3600000000 * 3600 < :until)
      AND (:direction IS NULL OR d.word = :direction)
    GROUP BY 1, 2, 3, 4
), both AS (
    SELECT hop, -1 AS code, 'any' AS evidence, NULL AS grade, sessions, stripped, n AS at_stake,
           round(CAST(k AS REAL) / n, 6) AS rate,
           round(CAST(k + possible AS REAL) / n, 6) AS rate_possible
    FROM rates WHERE n OR sessions
    UNION ALL
    SELECT hop, code, evidence, grade, sessions, stripped, NULL, NULL, NULL FROM seen
)
SELECT hop, evidence, (SELECT word FROM word WHERE kind = 'grade' AND code = grade) AS grade, sessions,
       stripped, at_stake, rate, rate_possible
FROM both
WHERE :hop IS NULL OR hop = :hop
ORDER BY code >= 0, hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop), both.code,
         both.grade DESC;
