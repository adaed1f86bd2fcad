-- How much relayed mail is encrypted, in the layout of Google's Safer Email data.
--
-- A row for each peer of the relay hop and direction, those with most sessions first, behind rows without suffix: all of
-- them (region 001, World), and those of each region. Fraction Encrypted = encrypted / decided sessions, as in `share`; Google counts messages.
-- Address Suffix, the domain of the mail addresses, is empty: they are not stored. Hostname Suffix is the peer's:
-- the registrable domain of the server of outbound mail where mailseal enrich found one, else its address; of other mail
-- the client network; `other` for those beyond the bound of peer_day. Regions are the five of UN M.49 that hold a
-- continent each, of the country of a peer's address, where mailseal enrich --country found one (ISO 3166-1; Taiwan, which M.49
-- has within China, is Asia); a peer that is in several has a row in each, and none where it is not known.
-- Internal sessions only where :direction asks for them. :since and :until (unix seconds) choose the days that begin in [since, until).
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
), region (code, name, countries) AS (VALUES
    ('002', 'Africa',
     ' AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR' ||
     ' MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW '),
    ('009', 'Oceania',
     ' AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS '),
    ('019', 'Americas',
     ' AG AI AR AW BB BL BM BO BQ BR BS BV BZ CA CL CO CR CU CW DM DO EC FK GD GF GL GP GS GT GY HN HT JM' ||
     ' KN KY LC MF MQ MS MX NI PA PE PM PR PY SR SV SX TC TT US UY VC VE VG VI '),
    ('142', 'Asia',
     ' AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY' ||
     ' NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE '),
    ('150', 'Europe',
     ' AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC' ||
     ' MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA ')
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
           coalesce(r.code, '') AS code, coalesce(r.name, '') AS region, sessions, encrypted
    FROM named LEFT JOIN endpoint AS e ON e.id = peer
               LEFT JOIN region AS r ON instr(r.countries, ' ' || e.country || ' ')
), peers AS (
    SELECT direction, suffix, code, region, sum(sessions) AS sessions, sum(encrypted) AS encrypted
    FROM placed GROUP BY direction, suffix, code
), cells AS (
    SELECT direction, '' AS suffix, '001' AS code, 'World' AS region, sum(sessions) AS sessions, sum(encrypted) AS encrypted
    FROM peers GROUP BY direction
    UNION ALL
    SELECT direction, '', code, region, sum(sessions), sum(encrypted) FROM peers WHERE code <> '' GROUP BY direction, code
    UNION ALL
    SELECT direction, suffix, code, region, sessions, encrypted FROM peers
)
SELECT '' AS "Address Suffix", suffix AS "Hostname Suffix", direction AS "Direction", code AS "UN M.49 Region Code",
       region AS "Region Name", round(CAST(encrypted AS REAL) / sessions, 6) AS "Fraction Encrypted"
FROM cells
ORDER BY (SELECT code FROM word WHERE kind = 'direction' AND word = direction), suffix <> '',
         code <> '001', sessions DESC, suffix, code;
