-- Which servers offer STARTTLS, and how many of the sessions with them use it: those first where most is left unused.
--
-- Of decided sessions that began in clear on ports that upgrade. supported were offered STARTTLS or upgraded by it, used upgraded, unused were
-- offered it and stayed clear; support = supported / decided and use = used / decided, gap is support - use. networks are
-- client networks. The 100 first servers; those beyond the bound of peer_day have no port, and are not here. Internal
-- sessions only where :direction asks for them. :since and :until (unix seconds) choose the days that begin in
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
    SELECT direction, hop, server, network, verdict, sessions, offered
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, sessions, offered
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, hop, server, network, verdict, sum(sessions) AS sessions, sum(offered) AS offered
    FROM days GROUP BY direction, hop, server, network, verdict
), named AS (
    SELECT s.hop, s.server, network, sessions, iif(v.word = 'starttls', sessions, 0) AS used,
           iif(v.word IN ('clear', 'clear_auth'), offered, 0) AS unused, iif(v.word = 'stripped', offered, 0) AS taken
    FROM sums AS s
    JOIN endpoint AS e ON e.id = s.server AND e.port NOT IN (465, 993, 995)
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
                  AND iif(:hop IS NULL, h.word IN ('relay', 'submission', 'retrieval'), h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
                  AND v.word IN ('starttls', 'stripped', 'clear_auth', 'clear')
), answer AS (
    SELECT server, min(hop) AS hop, count(DISTINCT network) AS networks, sum(sessions) AS decided,
           sum(used + unused + taken) AS supported, sum(used) AS used, sum(unused) AS unused
    FROM named
    GROUP BY server
    ORDER BY sum(unused) DESC, sum(sessions) DESC, server
    LIMIT 100
)
SELECT e.text AS server, e.port, h.word AS hop, networks, decided, supported, used, unused,
       round(CAST(supported AS REAL) / decided, 6) AS support, round(CAST(used AS REAL) / decided, 6) AS use,
       round(CAST(supported - used AS REAL) / decided, 6) AS gap
FROM answer AS a JOIN endpoint AS e ON e.id = a.server
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = a.hop
ORDER BY unused DESC, decided DESC, e.address, e.port;
