-- How many sessions got each verdict, by hop.
--
-- hop `all` is relay, submission and retrieval without the internal sessions, as in `share`.
-- part is that of the hop's sessions, bytes are TCP payload of both directions; messages_clear
-- counts messages handed over in clear, which IMAP does not show. :by hour, day, week, month
-- gives a row for each bucket, else the whole time is one. :since and :until (unix seconds)
-- choose the hours that begin in [since, until).
WITH hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'day' THEN date(hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE 'all' END AS bucket,
           hop, direction, verdict, sessions, bytes, messages_clear
    FROM tallies
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
      AND (:direction IS NULL OR direction = :direction)
), hops AS (
    SELECT * FROM hours
    UNION ALL
    SELECT bucket, 'all', direction, verdict, sessions, bytes, messages_clear
    FROM hours
    WHERE hop IN ('relay', 'submission', 'retrieval')
      AND (direction <> 'internal' OR :direction = 'internal')
), sums AS (
    SELECT bucket, hop, verdict, sum(sessions) AS sessions, sum(bytes) AS bytes,
           sum(messages_clear) AS messages_clear
    FROM hops WHERE :hop IS NULL OR hop = :hop
    GROUP BY bucket, hop, verdict
)
SELECT bucket, hop, verdict, sessions,
       round(CAST(sessions AS REAL) / sum(sessions) OVER (PARTITION BY bucket, hop), 6) AS part,
       bytes, messages_clear,
       (SELECT sentence FROM word WHERE kind = 'verdict' AND word = verdict) AS meaning
FROM sums
ORDER BY bucket, hop <> 'all', (SELECT code FROM word WHERE kind = 'hop' AND word = hop),
         (SELECT code FROM word WHERE kind = 'verdict' AND word = verdict);
