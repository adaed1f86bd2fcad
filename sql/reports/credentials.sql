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
    SELECT direction, hop, server, network, verdict, exposure, sessions
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, exposure, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), pairs AS (
    SELECT direction, hop, server, network, verdict, exposure, sum(sessions) AS sessions
    FROM days GROUP BY direction, hop, server, network, verdict, exposure
), named AS (
    SELECT h.word AS hop, s.server, network, d.word AS direction, x.word AS exposure, sessions,
           x.word IN ('secret', 'guessable') AS exposed,
           v.word IN ('implicit_tls', 'starttls') OR x.word <> 'untried' AS at_stake
    FROM pairs AS s
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR :hop = 'all' OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    JOIN word AS x ON x.kind = 'exposure' AND x.code = s.exposure
), cells AS (
    SELECT 1 AS place, 'all' AS hop, NULL AS server, network, exposure, sessions, exposed, at_stake
    FROM named
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
    UNION ALL
    SELECT 2, hop, NULL, network, exposure, sessions, exposed, at_stake FROM named
    UNION ALL
    SELECT 3, hop, server, network, exposure, sessions, exposed, at_stake FROM named
), answer AS (
    SELECT place, hop, server,
           sum(iif(exposure = 'secret', sessions, 0)) AS secret,
           sum(iif(exposure = 'guessable', sessions, 0)) AS guessable,
           sum(iif(exposure = 'none', sessions, 0)) AS none,
           sum(iif(exposed, sessions, 0)) AS exposed,
           sum(iif(at_stake, sessions, 0)) AS at_stake,
           count(DISTINCT iif(exposed, network, NULL)) AS networks
    FROM cells WHERE :hop IS NULL OR hop = :hop
    GROUP BY place, hop, server
    HAVING place < 3 AND sum(iif(at_stake, sessions, 0)) OR sum(iif(exposed, sessions, 0))
)
SELECT hop,
       CASE WHEN place < 3 THEN 'all' WHEN server = 0 THEN 'other' ELSE e.text END AS server, e.port,
       secret, guessable, none, exposed, at_stake, round(CAST(exposed AS REAL) / at_stake, 6) AS rate, networks
FROM answer LEFT JOIN endpoint AS e ON e.id = answer.server
ORDER BY place,
         iif(place = 3, -exposed, (SELECT code FROM word WHERE kind = 'hop' AND word = hop)),
         2, e.port, hop;
