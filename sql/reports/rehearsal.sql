-- What would fail if these server ports asked for TLS today, by port, and how much of that could have upgraded.
--
-- :ports names them, as in '25,587,143,110'; else 25, 587, 2525, 143 and 110. failing = stripped + clear_auth + clear
-- sessions, decided those with an outcome. With :logins only clear sessions that tried to log in fail, as if nothing
-- but logins in clear was refused. could_upgrade were offered STARTTLS and went on without it, stripped had it taken
-- away on the path, not_offered are the rest. below_12 are encrypted sessions that chose a TLS below 1.2: they fail
-- as well where 1.2 is asked for. low and high are the 95 % Wilson score interval of the share, which takes sessions for
-- independent; peers_low and peers_high take a peer as the unit, as the report `intervals` says (the client network, of
-- outbound sessions the server; those beyond the bound of peer_day are one), and are NULL where peers_note says that too
-- few peers carry it. networks are client networks with a decided session, networks_failing those with one that fails,
-- networks_lost those of which all fail, networks_below_12 those that got no further than a TLS below 1.2; sessions
-- beyond the bound of peer_day are in none of them. Port `all` is all of the ports; of_all is the failing part of all
-- decided sessions on relay, submission and retrieval.
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
), sums AS MATERIALIZED (
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
), placed AS MATERIALIZED (                 -- of a server all ports are one peer
    SELECT iif(place, servers.port, NULL) AS port, coalesce(e.text, 'other') AS peer, sum(iif(fails, sessions, 0)) AS k,
           sum(sessions) AS n
    FROM sums JOIN codes USING (verdict, exposure) JOIN ways USING (direction) JOIN hops USING (hop)
    JOIN servers USING (server) CROSS JOIN (SELECT 0 AS place UNION ALL SELECT 1)
    LEFT JOIN endpoint AS e ON e.id = iif(direction = (SELECT code FROM word WHERE kind = 'direction' AND word = 'outbound'),
                                          server, network)
    GROUP BY 1, 2
), units AS MATERIALIZED (
    SELECT port, peer, CAST(sum(k) AS REAL) AS k, CAST(sum(n) AS REAL) AS n
    FROM (SELECT port, peer, k, n FROM placed
          UNION ALL
          SELECT port, 'other', failing, decided FROM ports
          UNION ALL
          SELECT port, 'other', -k, -n FROM placed)
    GROUP BY port, peer
    HAVING sum(n) > 0
), totals AS (
    SELECT port, sum(k) AS k, sum(n) AS n, count(*) AS m, sum(k) / sum(n) AS p, sum(n) * sum(n) / sum(n * n) AS kish
    FROM units GROUP BY port
), spread AS (                              -- from here to `sized` as in the report intervals
    SELECT t.*, (m - 1.0) / m * sum((x.k - p * x.n) * (x.k - p * x.n) / nullif((t.n - x.n) * (t.n - x.n), 0)) AS v,
           sum(x.n * (x.k / x.n - p) * (x.k / x.n - p)) / nullif(m - 1, 0) AS between_peers,
           sum(x.k * (1 - x.k / x.n)) / max(1.0, t.n - m) AS within, (t.n - t.n / kish) / nullif(m - 1, 0) AS size,
           kish - 1 AS f, 1.959963984540054 AS z
    FROM totals AS t JOIN units AS x ON x.port IS t.port
    GROUP BY t.port
), alike AS (
    SELECT *, max(0.0, coalesce((between_peers - within) / nullif(between_peers + (size - 1) * within, 0), 0)) AS r FROM spread
), effect AS (
    SELECT *, CASE WHEN m = 1 THEN NULL WHEN p <= 0 OR p >= 1 THEN n / kish
                   ELSE max(1.0, v * n / (p * (1 - p)), 1 + r * (n / kish - 1)) END AS deff,
           CASE WHEN f < 4 THEN NULL WHEN f < 4.5 THEN 2.7764
                ELSE z + (z*z*z + z) / (4*f) + (5*z*z*z*z*z + 16*z*z*z + 3*z) / (96*f*f)
                     + (3*z*z*z*z*z*z*z + 19*z*z*z*z*z + 17*z*z*z - 15*z) / (384*f*f*f) END AS t
    FROM alike
), sized AS (
    SELECT *, n / deff AS e FROM effect
), by_peers AS (
    SELECT port, m, kish, deff, max(0.0, (p + t*t/(2*e) - t * sqrt(p*(1-p)/e + t*t/(4*e*e))) / (1 + t*t/e)) AS low,
           min(1.0, (p + t*t/(2*e) + t * sqrt(p*(1-p)/e + t*t/(4*e*e))) / (1 + t*t/e)) AS high, t
    FROM sized
), answer AS (
    SELECT p.*, c.networks, c.placed, c.failing AS networks_failing, c.lost AS networks_lost, c.below_12 AS networks_below_12,
           b.m, b.kish, b.deff, b.low AS peers_low, b.high AS peers_high, b.t,
           CAST(p.failing AS REAL) / decided AS share, decided AS n, 1.959963984540054 AS z
    FROM ports AS p LEFT JOIN counted AS c ON c.port IS p.port LEFT JOIN by_peers AS b ON b.port IS p.port
    WHERE decided > 0
)
SELECT coalesce(port, 'all') AS port, date(first, 'unixepoch') AS first, date(last, 'unixepoch') AS last, decided, failing,
       round(share, 6) AS share,
       round(max(0.0, (share + z*z/(2*n) - z * sqrt(share*(1-share)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (share + z*z/(2*n) + z * sqrt(share*(1-share)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       m AS peers, round(kish, 2) AS peers_effective, round(deff, 2) AS design_effect, round(peers_low, 6) AS peers_low,
       round(peers_high, 6) AS peers_high, iif(t IS NULL, 'too few peers carry it', NULL) AS peers_note,
       round(CAST(failing AS REAL) / (SELECT sum(sessions) FROM rates WHERE headline), 6) AS of_all,
       could AS could_upgrade, failing - could - stripped AS not_offered, stripped, below_12, coalesce(networks, 0) AS networks,
       coalesce(networks_failing, 0) AS networks_failing, coalesce(networks_lost, 0) AS networks_lost,
       coalesce(networks_below_12, 0) AS networks_below_12, decided - coalesce(placed, 0) AS beyond
FROM answer
ORDER BY port IS NOT NULL, port;
