-- How much relayed mail is encrypted, in the layout of Google's Safer Email data.
--
-- A row for each peer of the relay hop and direction, those with most sessions first, behind a row of all of them (no
-- suffix, region 001, World). Fraction Encrypted = encrypted / decided sessions, as in `share`; Google counts messages.
-- Address Suffix, the domain of the mail addresses, is empty: they are not stored. Hostname Suffix is the peer's:
-- the registrable domain of the server of outbound mail where mailseal enrich found one, else its address; of other mail
-- the client network; `other` for those beyond the bound of peer_day. Regions are not known either. Internal sessions only where :direction asks
-- for them. :since and :until (unix seconds) choose the days that begin in [since, until).
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
    SELECT direction, hop, server, network, verdict, sessions
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, server, network, verdict, sum(sessions) AS sessions
    FROM days WHERE hop = (SELECT code FROM word WHERE kind = 'hop' AND word = coalesce(:hop, 'relay'))
    GROUP BY direction, server, network, verdict
), named AS (
    SELECT d.word AS direction, iif(d.word <> 'outbound', network, server) AS peer,
           d.word <> 'outbound' AS by_network, sessions,
           iif(v.word IN ('implicit_tls', 'starttls'), sessions, 0) AS encrypted
    FROM sums AS s
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
                  AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
), placed AS (                              -- of a server all ports are one peer, and so are the servers of a domain
    SELECT direction, CASE WHEN peer = 0 THEN 'other' WHEN NOT by_network THEN coalesce(e.domain, e.text)
                           WHEN instr(e.text, ':') THEN e.text || '/48' ELSE e.text || '/24' END AS suffix,
           sessions, encrypted
    FROM named LEFT JOIN endpoint AS e ON e.id = peer
), peers AS (
    SELECT direction, suffix, sum(sessions) AS sessions, sum(encrypted) AS encrypted FROM placed GROUP BY direction, suffix
), cells AS (
    SELECT direction, '' AS suffix, '001' AS code, 'World' AS region, sum(sessions) AS sessions, sum(encrypted) AS encrypted
    FROM peers GROUP BY direction
    UNION ALL
    SELECT direction, suffix, '', '', sessions, encrypted FROM peers
)
SELECT '' AS "Address Suffix", suffix AS "Hostname Suffix", direction AS "Direction", code AS "UN M.49 Region Code",
       region AS "Region Name", round(CAST(encrypted AS REAL) / sessions, 6) AS "Fraction Encrypted"
FROM cells
ORDER BY (SELECT code FROM word WHERE kind = 'direction' AND word = direction), suffix <> '', sessions DESC, suffix;
