-- On which days, and between whom, somebody on the path kept TLS away: the 200 largest of them.
--
-- One row for each day, hop and server with sessions of verdict stripped; networks are client networks,
-- of which one is named. Internal sessions only where :direction asks for them. :since and :until (unix
-- seconds) choose the days that begin in [since, until).
WITH RECURSIVE nth (n) AS (
    SELECT 0 UNION ALL SELECT n + 1 FROM nth WHERE n < 30
), stripped AS (
    SELECT code FROM word WHERE kind = 'verdict' AND word = 'stripped'
), months AS (                              -- first the few months in which it happened, then their days
    SELECT DISTINCT sensor, database, month, direction, server, network, hop, verdict, exposure
    FROM peer_month
    WHERE verdict = (SELECT code FROM stripped)
      AND (:since IS NULL OR month > :since - 31 * 86400) AND (:until IS NULL OR month < :until)
), found AS (
    SELECT p.day, p.direction, p.server, p.network, p.hop, x.word AS exposure, p.sessions
    FROM months AS m CROSS JOIN nth CROSS JOIN peer_day AS p
    LEFT JOIN word AS x ON x.kind = 'exposure' AND x.code = p.exposure
    WHERE p.sensor = m.sensor AND p.database = m.database AND p.day = m.month + 86400 * n
      AND p.direction = m.direction AND p.server = m.server AND p.network = m.network AND p.hop = m.hop
      AND p.verdict = m.verdict AND p.exposure = m.exposure
      AND CAST(strftime('%s', p.day, 'unixepoch', 'start of month') AS INTEGER) = m.month
      AND (:since IS NULL OR p.day >= :since) AND (:until IS NULL OR p.day < :until)
), largest AS (
    SELECT day, f.hop AS code, h.word AS hop, server, count(DISTINCT network) AS networks, min(network) AS network,
           sum(sessions) AS sessions, sum(iif(exposure IN ('secret', 'guessable'), sessions, 0)) AS exposed
    FROM found AS f
    JOIN word AS h ON h.kind = 'hop' AND h.code = f.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = f.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    GROUP BY day, f.hop, server
    ORDER BY sum(sessions) DESC, day DESC, server, f.hop
    LIMIT 200
)
SELECT date(day, 'unixepoch') AS day, hop, iif(l.server, e.text, 'other') AS server, e.port, networks,
       CASE WHEN l.network = 0 THEN 'other' WHEN instr(n.text, ':') THEN n.text || '/48' ELSE n.text || '/24' END
           AS network, sessions, exposed
FROM largest AS l
LEFT JOIN endpoint AS e ON e.id = l.server
LEFT JOIN endpoint AS n ON n.id = l.network
ORDER BY l.day DESC, sessions DESC, l.server, code;
