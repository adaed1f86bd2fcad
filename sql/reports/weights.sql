-- The encryption share weighed three ways: by sessions, by bytes, and by client networks.
--
-- Each is encrypted / decided, as in `share`. By bytes: TCP payload of both directions, so one
-- large message in clear weighs more than many probes. By client networks (/24, /48): the mean
-- of the networks' own shares, so that a busy one counts as much as a quiet one; sessions beyond
-- the bound of peer_day are one network. hop `all` is relay, submission and retrieval without
-- the internal sessions. :since and :until (unix seconds) choose the days that begin in
-- [since, until).
WITH days AS (
    SELECT hop, direction, network, sessions, bytes, verdict IN ('implicit_tls', 'starttls') AS encrypted
    FROM peers
    WHERE verdict IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
      AND (:since IS NULL OR day_unix >= :since) AND (:until IS NULL OR day_unix < :until)
      AND (:direction IS NULL OR direction = :direction)
), hops AS (
    SELECT * FROM days
    UNION ALL
    SELECT 'all', direction, network, sessions, bytes, encrypted
    FROM days
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
), networks AS (
    SELECT hop, network, sum(sessions) AS sessions, sum(iif(encrypted, sessions, 0)) AS sessions_encrypted,
           sum(bytes) AS bytes, sum(iif(encrypted, bytes, 0)) AS bytes_encrypted
    FROM hops WHERE :hop IS NULL OR hop = :hop
    GROUP BY hop, network
)
SELECT hop,
       sum(sessions) AS sessions,
       round(CAST(sum(sessions_encrypted) AS REAL) / sum(sessions), 6) AS share,
       sum(bytes) AS bytes,
       round(CAST(sum(bytes_encrypted) AS REAL) / sum(bytes), 6) AS share_by_bytes,
       count(*) AS networks,
       round(avg(CAST(sessions_encrypted AS REAL) / sessions), 6) AS share_by_networks
FROM networks
GROUP BY hop
ORDER BY hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
