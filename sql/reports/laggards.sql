-- Which servers hold the share down, those that cost it most first: the 20 that do.
--
-- exposed = stripped + clear_auth + clear sessions, share = encrypted / decided. points: by how many
-- points of a hundred the whole share (relay, submission and retrieval, or :hop) would rise if nothing
-- else changed and all of these were encrypted. networks are client networks;
-- server `other` is those beyond the bound of peer_day.
-- Internal sessions only where :direction asks for them. :since and :until (unix seconds) choose the
-- days that begin in [since, until).
WITH days AS (
    SELECT hop, server, port, network, verdict IN ('implicit_tls', 'starttls') AS encrypted,
           verdict = 'stripped' AS stripped, exposure IN ('secret', 'guessable') AS credential, sessions
    FROM peers
    WHERE verdict IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
      AND (:since IS NULL OR day_unix >= :since) AND (:until IS NULL OR day_unix < :until)
), total AS (
    SELECT sum(sessions) AS n FROM days
)
SELECT server, port, min(hop) AS hop, count(DISTINCT network) AS networks,
       sum(iif(encrypted, 0, sessions)) AS exposed, sum(iif(credential, sessions, 0)) AS credentials,
       sum(iif(stripped, sessions, 0)) AS stripped, sum(sessions) AS decided,
       round(CAST(sum(iif(encrypted, sessions, 0)) AS REAL) / sum(sessions), 6) AS share,
       round(100.0 * sum(iif(encrypted, 0, sessions)) / n, 4) AS points
FROM days CROSS JOIN total
GROUP BY server, port
HAVING sum(iif(encrypted, 0, sessions)) > 0
ORDER BY sum(iif(encrypted, 0, sessions)) DESC, server, port
LIMIT 20;
