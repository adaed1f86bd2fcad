-- How many sessions got each verdict, by hop.
--
-- hop `all` is relay, submission and retrieval without the internal sessions, as in `share`.
-- part is that of the hop's sessions, bytes are TCP payload of both directions; messages_clear
-- counts messages handed over in clear, which IMAP does not show. :by hour, day, week, month
-- gives a row for each bucket, else the whole time is one. :since and :until (unix seconds)
-- choose the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT iif(:by IS 'hour', until, (since + 86399) / 86400 * 86400),
           iif(:by IS 'hour', until, until / 86400 * 86400) FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), hours AS (
    SELECT day AS hour, direction, hop, verdict, sessions, bytes, messages_clear
    FROM rate_day, whole WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, direction, hop, verdict, sessions, bytes, messages_clear
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND hour >= since AND hour < until
), sums AS (
    SELECT iif(:by IS NULL, 0, hour) AS hour, direction, hop, verdict, sum(sessions) AS sessions, sum(bytes) AS bytes,
           sum(messages_clear) AS messages_clear
    FROM hours GROUP BY 1, direction, hop, verdict
), buckets AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    WHEN 'day' THEN date(hour, 'unixepoch')
                    ELSE 'all' END AS bucket,
           hop, d.word AS direction, verdict, sessions, bytes, messages_clear
    FROM sums JOIN word AS d ON d.kind = 'direction' AND d.code = direction AND (:direction IS NULL OR d.word = :direction)
), hops AS (                                -- code -1 is the headline
    SELECT bucket, hop, verdict, sessions, bytes, messages_clear FROM buckets
    UNION ALL
    SELECT bucket, -1, verdict, sessions, bytes, messages_clear
    FROM buckets
    WHERE hop IN (SELECT code FROM word WHERE kind = 'hop' AND word IN ('relay', 'submission', 'retrieval'))
      AND (direction <> 'internal' OR :direction = 'internal')
), answer AS (
    SELECT bucket, hop, verdict, sum(sessions) AS sessions, sum(bytes) AS bytes,
           sum(messages_clear) AS messages_clear
    FROM hops GROUP BY bucket, hop, verdict
), named AS (
    SELECT bucket, iif(s.hop < 0, 'all', h.word) AS hop, s.hop AS hop_code, v.word AS verdict, verdict AS verdict_code,
           sessions, bytes, messages_clear, v.sentence AS meaning
    FROM answer AS s
    LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop
    LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
)
SELECT bucket, hop, verdict, sessions,
       round(CAST(sessions AS REAL) / sum(sessions) OVER (PARTITION BY bucket, hop_code), 6) AS part,
       bytes, messages_clear, meaning
FROM named
WHERE :hop IS NULL OR hop = :hop
ORDER BY bucket, hop_code, verdict_code;
