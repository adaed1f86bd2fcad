-- How the verdicts of mail sessions shift over time: a row for each bucket, a column for each verdict.
--
-- The headline's sessions (relay, submission and retrieval without the internal ones), or those of
-- :hop, of :direction. :by hour, day (else), week (beginning on Monday), month. :since and :until
-- (unix seconds) choose the hours that begin in [since, until).
WITH hours AS (
    SELECT CASE :by WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', hour, 'unixepoch')
                    WHEN 'week' THEN date(hour, 'unixepoch', 'weekday 0', '-6 days')
                    WHEN 'month' THEN date(hour, 'unixepoch', 'start of month')
                    ELSE date(hour, 'unixepoch') END AS bucket,
           verdict, sum(sessions) AS sessions
    FROM tallies
    WHERE mail > 0 AND (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour, verdict
)
SELECT bucket, sum(sessions) AS sessions,
       sum(iif(verdict = 'implicit_tls', sessions, 0)) AS implicit_tls,
       sum(iif(verdict = 'starttls', sessions, 0)) AS starttls,
       sum(iif(verdict = 'tls_failed', sessions, 0)) AS tls_failed,
       sum(iif(verdict = 'incomplete', sessions, 0)) AS incomplete,
       sum(iif(verdict = 'clear', sessions, 0)) AS clear,
       sum(iif(verdict = 'clear_auth', sessions, 0)) AS clear_auth,
       sum(iif(verdict = 'stripped', sessions, 0)) AS stripped
FROM hours
GROUP BY bucket
ORDER BY bucket;
