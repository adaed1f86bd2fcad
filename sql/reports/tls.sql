-- Which TLS versions, cipher suites and key-exchange groups encrypted sessions chose.
--
-- part is that of the sessions with this `kind`; `unknown` stands where the ServerHello was not
-- seen, `none` where no group was (an RSA key exchange, or a resumed session). pq_chosen and
-- pq_offered tell how far post-quantum groups have come. :since and :until (unix seconds) choose
-- the hours (versions, pq_chosen) and the days (all else) that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), hours AS (
    SELECT day AS hour, direction, hop, verdict, tls_version, pq, sessions
    FROM rate_day, whole WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, tls_version, pq, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND hour >= since AND hour < until
), chosen AS (
    SELECT tls_version, pq, sum(sessions) AS sessions
    FROM hours AS r
    JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict AND v.word IN ('implicit_tls', 'starttls')
    JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
                  AND (:direction IS NULL OR d.word = :direction)
    GROUP BY tls_version, pq
), days AS (
    SELECT t.tls_version, t.cipher, t.grp, t.pq_offered, sum(t.sessions) AS sessions
    FROM tls_day AS t
    JOIN word AS h ON h.kind = 'hop' AND h.code = t.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = t.direction
                  AND (:direction IS NULL OR d.word = :direction)
    WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
    GROUP BY t.tls_version, t.cipher, t.grp, t.pq_offered
), named AS (
    SELECT 1 AS place, 'version' AS kind,
           iif(tls_version, coalesce(w.word, printf('0x%04x', tls_version)), 'unknown') AS name, sessions
    FROM chosen LEFT JOIN word AS w ON w.kind = 'tls_version' AND w.code = tls_version
    UNION ALL
    SELECT 2, 'pq_chosen', iif(pq, 'yes', 'no'), sessions FROM chosen WHERE tls_version
    UNION ALL
    SELECT 3, 'pq_offered', iif(pq_offered, 'yes', 'no'), sessions FROM days WHERE pq_offered < 2
    UNION ALL
    SELECT 4, 'cipher',
           CASE WHEN tls_version = 0 THEN 'unknown' WHEN cipher < 0 THEN 'other'
                ELSE coalesce(w.word, printf('0x%04x', cipher)) END, sessions
    FROM days LEFT JOIN word AS w ON w.kind = 'tls_cipher' AND w.code = cipher
    UNION ALL
    SELECT 5, 'group',
           CASE WHEN tls_version = 0 THEN 'unknown' WHEN grp < 0 THEN 'other' WHEN grp = 0 THEN 'none'
                ELSE coalesce(w.word, printf('0x%04x', grp)) END, sessions
    FROM days LEFT JOIN word AS w ON w.kind = 'tls_group' AND w.code = grp
)
SELECT kind, name, sum(sessions) AS sessions,
       round(CAST(sum(sessions) AS REAL) / sum(sum(sessions)) OVER (PARTITION BY kind), 6) AS part
FROM named
GROUP BY place, kind, name
ORDER BY place, sum(sessions) DESC, name;
