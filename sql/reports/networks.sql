-- Which client networks hold the share down, those that cost it most first: the 20 that do.
--
-- exposed = stripped + clear_auth + clear sessions, share = encrypted / decided. points: by how many
-- points of a hundred the whole share (relay, submission and retrieval, or :hop) would rise if nothing
-- else changed and all of these were encrypted. A network is a /24 or /48;
-- `other` is those beyond the bound of peer_day.
-- Internal sessions only where :direction asks for them. :since and :until (unix seconds) choose the
-- days that begin in [since, until).
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
), sums AS (
    SELECT direction, hop, server, network, verdict, exposure, sum(sessions) AS sessions
    FROM days GROUP BY direction, hop, server, network, verdict, exposure
), named AS MATERIALIZED (
    SELECT s.hop, s.server, s.network, sessions,
           iif(v.word IN ('implicit_tls', 'starttls'), sessions, 0) AS encrypted,
           iif(v.word IN ('implicit_tls', 'starttls'), 0, sessions) AS exposed,
           iif(x.word IN ('secret', 'guessable'), sessions, 0) AS credentials,
           iif(v.word = 'stripped', sessions, 0) AS stripped
    FROM sums AS s
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
                  AND iif(:hop IS NULL, h.word IN ('relay', 'submission', 'retrieval'), h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
                  AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
    LEFT JOIN word AS x ON x.kind = 'exposure' AND x.code = s.exposure
), total AS (
    SELECT sum(sessions) AS n FROM named
), worst AS (
    SELECT network, count(DISTINCT server) AS servers, sum(exposed) AS exposed, sum(credentials) AS credentials,
           sum(stripped) AS stripped, sum(sessions) AS decided, sum(encrypted) AS encrypted
    FROM named
    GROUP BY network
    HAVING sum(exposed) > 0
    ORDER BY sum(exposed) DESC, network
    LIMIT 20
)
SELECT CASE WHEN w.network = 0 THEN 'other' WHEN instr(e.text, ':') THEN e.text || '/48' ELSE e.text || '/24' END
           AS network,
       servers, exposed, credentials, stripped, decided, round(CAST(encrypted AS REAL) / decided, 6) AS share,
       round(100.0 * exposed / n, 4) AS points
FROM worst AS w CROSS JOIN total
LEFT JOIN endpoint AS e ON e.id = w.network
ORDER BY exposed DESC, e.address;
