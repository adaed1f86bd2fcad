-- What the last minute and the last hour brought, by hop and verdict.
--
-- Sessions whose last packet lay in them, of the newest 200,000 rows; `at` is the moment they end at: :until (unix
-- seconds), else the newest packet or minute of any source. Unlike in the headline, internal sessions are counted:
-- encrypted and decided have the ones of relay, submission and retrieval that are not internal. What ended before :since
-- is left out. One row without a hop if there is nothing.
WITH moment AS (
    SELECT coalesce(:until * 1000000,
                    max(coalesce((SELECT max(last_us) FROM source), 0),
                        coalesce((SELECT max((SELECT max(begin) FROM seen WHERE seen.source = source.id AND width = 60))
                                  FROM source WHERE run IS NOT NULL), 0) * 1000000)) AS us
), newest AS (
    SELECT hop, direction, verdict, us - first_us - lasted_us AS age
    FROM session, moment
    WHERE id > (SELECT max(id) FROM session) - 200000 AND first_us + lasted_us <= us
      AND first_us + lasted_us > us - 3600000000 AND (:since IS NULL OR first_us + lasted_us >= :since * 1000000)
), cells AS (
    SELECT hop, verdict, count(*) AS hour, sum(age < 60000000) AS minute,
           sum(direction <> (SELECT code FROM word WHERE kind = 'direction' AND word = 'internal')) AS hour_open,
           sum(age < 60000000 AND direction <> (SELECT code FROM word WHERE kind = 'direction' AND word = 'internal')) AS minute_open
    FROM newest
    GROUP BY hop, verdict
)
SELECT strftime('%Y-%m-%d %H:%M:%S', us / 1000000, 'unixepoch') AS at, us / 1000000 AS at_unix,
       h.word AS hop, v.word AS verdict, minute, hour,
       iif(h.word IN ('relay', 'submission', 'retrieval') AND v.word IN ('implicit_tls', 'starttls'), minute_open, 0) AS minute_encrypted,
       iif(h.word IN ('relay', 'submission', 'retrieval')
           AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear'), minute_open, 0) AS minute_decided,
       iif(h.word IN ('relay', 'submission', 'retrieval') AND v.word IN ('implicit_tls', 'starttls'), hour_open, 0) AS hour_encrypted,
       iif(h.word IN ('relay', 'submission', 'retrieval')
           AND v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear'), hour_open, 0) AS hour_decided
FROM moment
LEFT JOIN cells
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = cells.hop
LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = cells.verdict
ORDER BY cells.hop = 0, cells.hop, cells.verdict;
