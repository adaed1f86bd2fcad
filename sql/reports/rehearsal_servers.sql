-- At which servers sessions would fail if these ports asked for TLS today, those with most of them first.
--
-- :ports names the ports, as in '25,587,143,110'; else 25, 587, 2525, 143 and 110. failing = stripped + clear_auth + clear
-- sessions, decided those with an outcome. With :logins only clear sessions that tried to log in fail, as if nothing
-- but logins in clear was refused. could_upgrade were offered STARTTLS and went on without it, stripped had it taken
-- away on the path, not_offered are the rest; below_12 are encrypted sessions that chose a TLS below 1.2. outcome:
-- `all` of a server's sessions fail, `some` do, or none does, but TLS never got beyond 1.1: `below_12`. networks are
-- client networks; what is beyond the bound of peer_day has no port, and is not here.
-- Internal sessions only where :direction asks for them. The days are those that begin in [:since, :until) (unix
-- seconds), without :since the last 30 of them on which these ports were used.
WITH chosen AS (
    SELECT ',' || replace(coalesce(:ports, '25,587,2525,143,110'), ' ', '') || ',' AS list
), codes AS MATERIALIZED (
    SELECT v.code AS verdict, x.code AS exposure, v.word IN ('implicit_tls', 'starttls') AS encrypted,
           v.word NOT IN ('implicit_tls', 'starttls') AND (x.word <> 'untried' OR NOT coalesce(:logins, 0)) AS fails,
           v.word = 'stripped' AS stripped
    FROM word AS v JOIN word AS x ON x.kind = 'exposure'
    WHERE v.kind = 'verdict' AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
), ways AS MATERIALIZED (
    SELECT code AS direction FROM word
    WHERE kind = 'direction' AND iif(:direction IS NULL, word <> 'internal', word = :direction)
), hops AS MATERIALIZED (
    SELECT code AS hop FROM word WHERE kind = 'hop' AND (:hop IS NULL OR word = :hop)
), latest AS (
    SELECT max(day) AS day
    FROM rate_day JOIN chosen ON instr(list, ',' || server_port || ',')
    WHERE :until IS NULL OR day < :until
), span (since, until) AS (
    SELECT coalesce(:since, day - 29 * 86400), coalesce(:until, day + 86400) FROM latest
), whole (since, until) AS (                -- whole months are read from peer_month,
    SELECT CAST(strftime('%s', since - 1, 'unixepoch', 'start of month', '+1 month') AS INTEGER),
           CAST(strftime('%s', until, 'unixepoch', 'start of month') AS INTEGER) FROM span
), part (since, until) AS (                 -- the days before and behind them from peer_day
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), days AS (
    SELECT direction, hop, server, network, verdict, exposure, sessions, offered, below_12
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, exposure, sessions, offered, below_12
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, hop, server, network, verdict, exposure, sum(sessions) AS sessions, sum(offered) AS offered,
           sum(below_12) AS below_12
    FROM days GROUP BY direction, hop, server, network, verdict, exposure
), servers AS (
    SELECT id AS server FROM endpoint JOIN chosen ON instr(list, ',' || port || ',')
), peers AS (
    SELECT server, min(hop) AS hop, count(DISTINCT network) AS networks, sum(sessions) AS decided, sum(iif(fails, sessions, 0)) AS failing,
           sum(iif(encrypted, sessions, 0)) AS encrypted, sum(iif(fails AND NOT stripped, offered, 0)) AS could,
           sum(iif(fails AND stripped, sessions, 0)) AS stripped, sum(iif(encrypted, below_12, 0)) AS below_12
    FROM sums JOIN codes USING (verdict, exposure) JOIN ways USING (direction) JOIN hops USING (hop)
    JOIN servers USING (server)
    GROUP BY server
    HAVING sum(iif(fails, sessions, 0)) OR sum(iif(encrypted, below_12, 0)) = sum(sessions)
)
SELECT e.text AS server, e.port, h.word AS hop, networks, decided, failing,
       round(CAST(failing AS REAL) / decided, 6) AS share, could AS could_upgrade, failing - could - stripped AS not_offered,
       stripped, below_12, CASE WHEN failing = decided THEN 'all' WHEN failing THEN 'some' ELSE 'below_12' END AS outcome
FROM peers JOIN endpoint AS e ON e.id = server LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = hop
ORDER BY failing DESC, below_12 DESC, e.address, e.port;
