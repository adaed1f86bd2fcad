-- Whose servers and clients hold the share down, those that cost it most first: of each side the 20 that do.
--
-- A provider is the registrable domain of a server, as the names tell that its sessions asked for (SNI), else those that it
-- calls itself in its greeting or its answer to EHLO (it may say what it likes), else the autonomous system of the
-- address, else the address or the network itself; source names which of these (sni, greeting, hello, as, address), several
-- where its peers differ. Nothing is shown where mailseal enrich has found nothing. exposed = stripped +
-- clear_auth + clear sessions, share = encrypted / decided; peers: its servers, or the networks of its clients. points: by
-- how many points of a hundred the whole share (relay, submission and retrieval, or :hop) would rise if nothing else
-- changed and all of these were encrypted. `other` is those beyond the bound of peer_day.
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
), peers AS (                               -- at most as many as there are servers and networks
    SELECT 'server' AS side, server AS peer, sum(exposed) AS exposed, sum(credentials) AS credentials,
           sum(stripped) AS stripped, sum(sessions) AS decided, sum(encrypted) AS encrypted
    FROM named GROUP BY server
    UNION ALL
    SELECT 'client', network, sum(exposed), sum(credentials), sum(stripped), sum(sessions), sum(encrypted)
    FROM named GROUP BY network
), whose AS (
    SELECT p.*,
           CASE WHEN p.peer = 0 THEN 'other'
                WHEN p.side = 'server' THEN coalesce(e.domain, 'AS' || e.asn, e.text)
                WHEN e.asn THEN 'AS' || e.asn
                WHEN instr(e.text, ':') THEN e.text || '/48'
                ELSE e.text || '/24' END AS provider,
           CASE WHEN p.peer = 0 THEN 'none'
                WHEN p.side = 'server' AND e.domain IS NOT NULL THEN coalesce(e.domain_source, 'sni')
                WHEN e.asn THEN 'as' ELSE 'address' END AS source,
           iif(p.side = 'server' AND e.domain IS NOT NULL, NULL, a.name) AS name
    FROM peers AS p
    LEFT JOIN endpoint AS e ON e.id = p.peer
    LEFT JOIN autonomous_system AS a ON a.number = e.asn
), placed AS (
    SELECT side, provider, max(name) AS name,
           trim(iif(max(source = 'sni'), 'sni ', '') || iif(max(source = 'greeting'), 'greeting ', '') ||
                iif(max(source = 'hello'), 'hello ', '') || iif(max(source = 'as'), 'as ', '') ||
                iif(max(source = 'address'), 'address ', '')) AS source,
           count(*) AS peers, sum(exposed) AS exposed, sum(credentials) AS credentials,
           sum(stripped) AS stripped, sum(decided) AS decided, sum(encrypted) AS encrypted,
           row_number() OVER (PARTITION BY side ORDER BY sum(exposed) DESC, provider) AS place
    FROM whose
    WHERE EXISTS (SELECT 1 FROM endpoint WHERE asn IS NOT NULL OR domain IS NOT NULL)
    GROUP BY side, provider
    HAVING sum(exposed) > 0
)
SELECT side, provider, name, source, peers, exposed, credentials, stripped, decided,
       round(CAST(encrypted AS REAL) / decided, 6) AS share, round(100.0 * exposed / n, 4) AS points
FROM placed CROSS JOIN total
WHERE place <= 20
ORDER BY side DESC, exposed DESC, provider;
