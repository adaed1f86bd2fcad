-- What would fail if these server ports asked for TLS today, by port, and how much of that could have upgraded.
--
-- :ports names them, as in '25,587,143,110'; else 25, 587, 2525, 143 and 110. failing = stripped + clear_auth + clear
-- sessions, decided those with an outcome. With :logins only clear sessions that tried to log in fail, as if nothing
-- but logins in clear was refused. could_upgrade were offered STARTTLS and went on without it, stripped had it taken
-- away on the path, not_offered are the rest. below_12 are encrypted sessions that chose a TLS below 1.2: they fail
-- as well where 1.2 is asked for. low and high are the 95 % Wilson score interval of the share. networks are client
-- networks with a decided session, networks_failing those with one that fails, networks_lost those of which all fail,
-- networks_below_12 those that got no further than a TLS below 1.2; sessions beyond the bound of peer_day are in none
-- of them. Port `all` is all of the ports; of_all is the
-- failing part of all decided sessions on relay, submission and retrieval.
-- Internal sessions only where :direction asks for them. The days are those that begin in [:since, :until) (unix
-- seconds), without :since the last 30 of them on which these ports were used; first and last are the days read.
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
    SELECT code AS hop, word IN ('relay', 'submission', 'retrieval') AS headline FROM word
    WHERE kind = 'hop' AND (:hop IS NULL OR word = :hop)
), latest AS (
    SELECT max(day) AS day
    FROM rate_day JOIN chosen ON instr(list, ',' || server_port || ',')
    WHERE :until IS NULL OR day < :until
), span (since, until) AS (
    SELECT coalesce(:since, day - 29 * 86400), coalesce(:until, day + 86400) FROM latest
), rated AS (
    SELECT direction, hop, server_port, verdict, exposure, tls_version BETWEEN 1 AND 770 AS old, sum(sessions) AS sessions,
           sum(offered) AS offered, min(day) AS first, max(day) AS last
    FROM span CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
    GROUP BY direction, hop, server_port, verdict, exposure, old
), rates AS MATERIALIZED (
    SELECT server_port AS port, headline, instr(list, ',' || server_port || ',') > 0 AS asked, fails,
           sum(sessions) AS sessions, sum(iif(fails AND NOT stripped, offered, 0)) AS could,
           sum(iif(fails AND stripped, sessions, 0)) AS stripped, sum(iif(encrypted AND old, sessions, 0)) AS below_12,
           min(first) AS first, max(last) AS last
    FROM rated CROSS JOIN chosen JOIN codes USING (verdict, exposure) JOIN ways USING (direction) JOIN hops USING (hop)
    GROUP BY 1, 2, 3, 4
), ports AS (
    SELECT iif(place, port, NULL) AS port, sum(sessions) AS decided, sum(iif(fails, sessions, 0)) AS failing, sum(could) AS could,
           sum(stripped) AS stripped, sum(below_12) AS below_12, min(first) AS first, max(last) AS last
    FROM rates CROSS JOIN (SELECT 0 AS place UNION ALL SELECT 1)
    WHERE asked
    GROUP BY 1
), whole (since, until) AS (                -- whole months are read from peer_month,
    SELECT CAST(strftime('%s', since - 1, 'unixepoch', 'start of month', '+1 month') AS INTEGER),
           CAST(strftime('%s', until, 'unixepoch', 'start of month') AS INTEGER) FROM span
), part (since, until) AS (                 -- the days before and behind them from peer_day
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), days AS (
    SELECT direction, hop, server, network, verdict, exposure, sessions, below_12
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, exposure, sessions, below_12
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, hop, server, network, verdict, exposure, sum(sessions) AS sessions, sum(below_12) AS below_12
    FROM days GROUP BY direction, hop, server, network, verdict, exposure
), servers AS (
    SELECT id AS server, port FROM endpoint JOIN chosen ON instr(list, ',' || port || ',')
), peers AS MATERIALIZED (
    SELECT port, network, sum(sessions) AS decided, sum(iif(fails, sessions, 0)) AS failing,
           sum(iif(encrypted, sessions, 0)) AS encrypted, sum(iif(encrypted, below_12, 0)) AS below_12
    FROM sums JOIN codes USING (verdict, exposure) JOIN ways USING (direction) JOIN hops USING (hop)
    JOIN servers USING (server)
    GROUP BY port, network
), networks AS (
    SELECT iif(place, port, NULL) AS port, network, sum(decided) AS decided, sum(failing) AS failing,
           sum(encrypted) AS encrypted, sum(below_12) AS below_12
    FROM peers CROSS JOIN (SELECT 0 AS place UNION ALL SELECT 1)
    GROUP BY 1, 2
), counted AS (
    SELECT port, count(*) AS networks, sum(decided) AS placed, sum(failing > 0) AS failing, sum(failing = decided) AS lost,
           sum(encrypted > 0 AND below_12 = encrypted) AS below_12
    FROM networks WHERE network GROUP BY port
), answer AS (
    SELECT p.*, c.networks, c.placed, c.failing AS networks_failing, c.lost AS networks_lost, c.below_12 AS networks_below_12,
           CAST(p.failing AS REAL) / decided AS share, decided AS n, 1.959963984540054 AS z
    FROM ports AS p LEFT JOIN counted AS c ON c.port IS p.port
    WHERE decided > 0
)
SELECT coalesce(port, 'all') AS port, date(first, 'unixepoch') AS first, date(last, 'unixepoch') AS last, decided, failing,
       round(share, 6) AS share,
       round(max(0.0, (share + z*z/(2*n) - z * sqrt(share*(1-share)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (share + z*z/(2*n) + z * sqrt(share*(1-share)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       round(CAST(failing AS REAL) / (SELECT sum(sessions) FROM rates WHERE headline), 6) AS of_all,
       could AS could_upgrade, failing - could - stripped AS not_offered, stripped, below_12, coalesce(networks, 0) AS networks,
       coalesce(networks_failing, 0) AS networks_failing, coalesce(networks_lost, 0) AS networks_lost,
       coalesce(networks_below_12, 0) AS networks_below_12, decided - coalesce(placed, 0) AS beyond
FROM answer
ORDER BY port IS NOT NULL, port;
