-- On which days, and between whom, somebody on the path kept TLS away: the 200 largest of them.
--
-- One row for each day, hop and server with sessions of verdict stripped; networks are client networks,
-- of which one is named. Internal sessions only where :direction asks for them. :since and :until (unix
-- seconds) choose the days that begin in [since, until).
WITH largest AS (
    SELECT day, hop, server, port, count(DISTINCT network) AS networks, min(network) AS network,
           sum(sessions) AS sessions, sum(iif(exposure IN ('secret', 'guessable'), sessions, 0)) AS exposed
    FROM peers
    WHERE verdict = 'stripped' AND (:hop IS NULL OR hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
      AND (:since IS NULL OR day_unix >= :since) AND (:until IS NULL OR day_unix < :until)
    GROUP BY day, hop, server, port
    ORDER BY sum(sessions) DESC, day DESC, server, port, hop
    LIMIT 200
)
SELECT * FROM largest
ORDER BY day DESC, sessions DESC, server, port, hop;
