-- The encryption share weighed three ways: by sessions, by bytes, and by client networks.
--
-- Each is encrypted / decided, as in `share`. By bytes: TCP payload of both directions, so one
-- large message in clear weighs more than many probes. By client networks (/24, /48): the mean
-- of the networks' own shares, so that a busy one counts as much as a quiet one; sessions beyond
-- the bound of peer_day are one network. hop `all` is relay, submission and retrieval without
-- the internal sessions, which stand in a row of their own. :since and :until (unix seconds) choose the days that begin in
-- [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole months are read from peer_month,
    SELECT CAST(strftime('%s', since - 1, 'unixepoch', 'start of month', '+1 month') AS INTEGER),
           CAST(strftime('%s', until, 'unixepoch', 'start of month') AS INTEGER) FROM span
), part (since, until) AS (                 -- the days before and behind them from peer_day
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), days AS (
    SELECT direction, hop, network, verdict, sessions, bytes
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, network, verdict, sessions, bytes
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, hop, network, verdict, sum(sessions) AS sessions, sum(bytes) AS bytes
    FROM days GROUP BY direction, hop, network, verdict
), named AS (
    SELECT h.word AS hop, d.word AS direction, network, sessions, bytes,
           v.word IN ('implicit_tls', 'starttls') AS encrypted
    FROM sums AS s
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
                  AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
), hops AS (
    SELECT iif(direction = 'internal' AND :direction IS NULL, 'internal', hop) AS hop, direction, network, sessions, bytes, encrypted
    FROM named
    UNION ALL
    SELECT 'all', direction, network, sessions, bytes, encrypted
    FROM named
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
ORDER BY hop <> 'all', hop = 'internal', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
