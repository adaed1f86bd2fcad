-- Which TLS versions, cipher suites and key-exchange groups encrypted sessions chose.
--
-- part is that of the sessions with this `kind`; `unknown` stands where the ServerHello was not
-- seen, `none` where no group was (an RSA key exchange, or a resumed session). pq_chosen and
-- pq_offered tell how far post-quantum groups have come. :since and :until (unix seconds) choose
-- the hours (versions, pq_chosen) and the days (all else) that begin in [since, until).
WITH hours AS (
    SELECT r.tls_version, r.pq, r.sessions
    FROM rate AS r
    JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict AND v.word IN ('implicit_tls', 'starttls')
    JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
                  AND (:direction IS NULL OR d.word = :direction)
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
), days AS (
    SELECT t.tls_version, t.cipher, t.grp, t.pq_offered, t.sessions
    FROM tls_day AS t
    JOIN word AS h ON h.kind = 'hop' AND h.code = t.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = t.direction
                  AND (:direction IS NULL OR d.word = :direction)
    WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
), named AS (
    SELECT 1 AS place, 'version' AS kind,
           iif(tls_version, coalesce(w.word, printf('0x%04x', tls_version)), 'unknown') AS name, sessions
    FROM hours LEFT JOIN word AS w ON w.kind = 'tls_version' AND w.code = tls_version
    UNION ALL
    SELECT 2, 'pq_chosen', iif(pq, 'yes', 'no'), sessions FROM hours WHERE tls_version
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
