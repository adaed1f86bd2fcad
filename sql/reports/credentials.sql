-- Which servers had credentials sent to them in clear, and the exposure rate of each hop.
--
-- secret: a password or token as it is; guessable: a response that can be guessed offline; none:
-- authentication was tried in clear, and nothing exposed. exposed = secret + guessable;
-- rate = exposed / at_stake, where at_stake are the encrypted sessions and those that tried to
-- authenticate in clear. Rows with server `all` are the hops, and hop `all` is relay,
-- submission and retrieval without the internal sessions; then come the servers with an exposed
-- credential, `other` for those beyond the bound of peer_day. networks are client networks with
-- an exposed credential. :since and :until (unix seconds) choose the days that begin in
-- [since, until).
WITH days AS (
    SELECT hop, server, port, network, direction, exposure, sessions,
           exposure IN ('secret', 'guessable') AS exposed,
           verdict IN ('implicit_tls', 'starttls') OR exposure <> 'untried' AS at_stake
    FROM peers
    WHERE (:since IS NULL OR day_unix >= :since) AND (:until IS NULL OR day_unix < :until)
      AND (:direction IS NULL OR direction = :direction)
), cells AS (
    SELECT 1 AS place, 'all' AS hop, 'all' AS server, NULL AS port, network, exposure, sessions, exposed,
           at_stake
    FROM days
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
    UNION ALL
    SELECT 2, hop, 'all', NULL, network, exposure, sessions, exposed, at_stake FROM days
    UNION ALL
    SELECT 3, hop, server, port, network, exposure, sessions, exposed, at_stake FROM days
)
SELECT hop, server, port,
       sum(iif(exposure = 'secret', sessions, 0)) AS secret,
       sum(iif(exposure = 'guessable', sessions, 0)) AS guessable,
       sum(iif(exposure = 'none', sessions, 0)) AS none,
       sum(iif(exposed, sessions, 0)) AS exposed,
       sum(iif(at_stake, sessions, 0)) AS at_stake,
       round(CAST(sum(iif(exposed, sessions, 0)) AS REAL) / sum(iif(at_stake, sessions, 0)), 6) AS rate,
       count(DISTINCT iif(exposed, network, NULL)) AS networks
FROM cells
WHERE :hop IS NULL OR hop = :hop
GROUP BY place, hop, server, port
HAVING place < 3 AND sum(iif(at_stake, sessions, 0)) OR sum(iif(exposed, sessions, 0))
ORDER BY place,
         iif(place = 3, -sum(iif(exposed, sessions, 0)),
             (SELECT code FROM word WHERE kind = 'hop' AND word = hop)),
         server, port, hop;
