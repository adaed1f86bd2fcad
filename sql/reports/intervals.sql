-- How sure the encryption share is if sessions of one peer resemble each other, beside the interval that counts them singly.
--
-- low and high are the 95 % Wilson score interval, which takes sessions for independent of one another. peers_low and
-- peers_high take a peer as the unit: the client network (/24, /48), of outbound sessions the server's address; what is
-- beyond the bound of peer_day is one peer. m peers have k encrypted of n decided sessions each, N in all.
-- peers_effective = N^2 / sum(n^2) (Kish) is how many peers of the same size would be worth as much. Wilson's interval is
-- taken with N / design_effect sessions and Student's t for peers_effective - 1 degrees of freedom (after Korn and Graubard
-- 1998; Dean and Pagano 2015, who compare such intervals, find Wilson's good for shares near 1). design_effect is the
-- larger of two, and 1 at least: what the jackknife that leaves out one peer at a time says,
-- (m - 1) / m * sum(((k - share * n) / (N - n))^2) over the variance of independent sessions; and Kish's
-- 1 + r * (N / peers_effective - 1), r the correlation within peers by analysis of variance (Donner and Koval 1980). The
-- jackknife alone is too narrow near 1, where a few large peers happen to be good ones. Where the share is 0 or 1 neither
-- says anything, and peers_effective stands for the sessions. With peers_effective below 5 (always so where one peer has
-- more than 45 % of the sessions) there is no such interval: peers_low and peers_high are NULL, and peers_note says so.
-- share_by_peers is the mean of the peers' own shares. hop `all` is relay, submission and retrieval without the internal
-- sessions, which stand in a row of their own. :since and :until (unix seconds) choose the days that begin in
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
    SELECT direction, hop, server, network, verdict, sessions
    FROM peer_month, whole WHERE month >= since AND month < until
    UNION ALL
    SELECT direction, hop, server, network, verdict, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM peer_month) AS o CROSS JOIN peer_day AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND day >= since AND day < until
), sums AS (
    SELECT direction, hop, iif(direction = (SELECT code FROM word WHERE kind = 'direction' AND word = 'outbound'), server,
                               network) AS peer, verdict, sum(sessions) AS sessions
    FROM days GROUP BY 1, 2, 3, 4
), named AS (                               -- of a server all ports are one peer
    SELECT h.word AS hop, d.word AS direction, coalesce(e.text, 'other') AS peer, sessions,
           iif(v.word IN ('implicit_tls', 'starttls'), sessions, 0) AS encrypted
    FROM sums AS s
    LEFT JOIN endpoint AS e ON e.id = s.peer
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction AND (:direction IS NULL OR d.word = :direction)
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
                  AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear')
), hops AS (
    SELECT iif(direction = 'internal' AND :direction IS NULL, 'internal', hop) AS hop, peer, sessions, encrypted FROM named
    UNION ALL
    SELECT 'all', peer, sessions, encrypted
    FROM named
    WHERE hop IN ('relay', 'submission', 'retrieval') AND (direction <> 'internal' OR :direction = 'internal')
), peers AS MATERIALIZED (
    SELECT hop, peer, CAST(sum(encrypted) AS REAL) AS k, CAST(sum(sessions) AS REAL) AS n
    FROM hops WHERE :hop IS NULL OR hop = :hop
    GROUP BY hop, peer
    HAVING sum(sessions) > 0
), totals AS (
    SELECT hop, sum(k) AS k, sum(n) AS n, count(*) AS m, sum(k) / sum(n) AS p, sum(n) * sum(n) / sum(n * n) AS kish,
           avg(k / n) AS by_peers
    FROM peers GROUP BY hop
), spread AS (                              -- of one peer only: NULL
    SELECT t.*, (m - 1.0) / m * sum((x.k - p * x.n) * (x.k - p * x.n) / nullif((t.n - x.n) * (t.n - x.n), 0)) AS v,
           sum(x.n * (x.k / x.n - p) * (x.k / x.n - p)) / nullif(m - 1, 0) AS between_peers,
           sum(x.k * (1 - x.k / x.n)) / max(1.0, t.n - m) AS within, (t.n - t.n / kish) / nullif(m - 1, 0) AS size,
           kish - 1 AS f, 1.959963984540054 AS z
    FROM totals AS t JOIN peers AS x ON x.hop = t.hop
    GROUP BY t.hop
), alike AS (                               -- the correlation within peers
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
)
SELECT hop, CAST(k AS INTEGER) AS encrypted, CAST(n AS INTEGER) AS decided, round(p, 6) AS share,
       round(max(0.0, (p + z*z/(2*n) - z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS low,
       round(min(1.0, (p + z*z/(2*n) + z * sqrt(p*(1-p)/n + z*z/(4.0*n*n))) / (1 + z*z/n)), 6) AS high,
       m AS peers, round(kish, 2) AS peers_effective, round(deff, 2) AS design_effect,
       round(max(0.0, (p + t*t/(2*e) - t * sqrt(p*(1-p)/e + t*t/(4*e*e))) / (1 + t*t/e)), 6) AS peers_low,
       round(min(1.0, (p + t*t/(2*e) + t * sqrt(p*(1-p)/e + t*t/(4*e*e))) / (1 + t*t/e)), 6) AS peers_high,
       round(by_peers, 6) AS share_by_peers, iif(t IS NULL, 'too few peers carry it', NULL) AS peers_note
FROM sized
ORDER BY hop <> 'all', hop = 'internal', (SELECT code FROM word WHERE kind = 'hop' AND word = hop);
