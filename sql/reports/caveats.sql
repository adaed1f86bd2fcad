-- What a reader has to know before believing the figures: where too much was lost, or is not what it seems.
--
-- n of total, part = n / total, and the sentence. Shown are: sessions that lost something (from 5 %), TLS
-- sessions and clear ones that were seen from the middle on or one side only are among them; sessions whose
-- dialogue went on in clear behind a go-ahead, of the last 100,000 stored ones (from 1 %); packets dropped
-- by the capture (from 0.1 %), packets that could not be decoded (from 1 %), damaged captures and connections
-- given up for want of memory (any). :since and :until (unix seconds) choose the hours that begin in
-- [since, until), the sessions and the captures with packets in that time.
WITH some AS (
    SELECT * FROM source
    WHERE (:since IS NULL OR last_us >= :since * 1000000) AND (:until IS NULL OR first_us < :until * 1000000)
), latest AS (
    SELECT incidents >> (SELECT code FROM word WHERE kind = 'incident' AND word = 'decrypted_mirror') & 1
               AS decrypted
    FROM session
    WHERE id > (SELECT max(id) FROM session) - 100000
      AND (:since IS NULL OR first_us >= :since * 1000000) AND (:until IS NULL OR first_us < :until * 1000000)
), counts AS (
    SELECT 'decrypted_mirror' AS caveat, sum(decrypted) AS n, count(*) AS total, 0.01 AS least,
           'The sensor is fed traffic that was decrypted on its way: these sessions show clear text where the '
           || 'client had encrypted.' AS sentence
    FROM latest
    UNION ALL
    SELECT 'loss', sum(iif(loss, sessions, 0)), sum(sessions), 0.05,
           'Many sessions were not seen whole: the bounds of the share say what that may hide.'
    FROM rate
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
    UNION ALL
    SELECT 'dropped', total(dropped_kernel) + total(dropped_interface), sum(packets), 0.001,
           'The capture dropped packets.'
    FROM some
    UNION ALL
    SELECT 'not_decoded', sum(fragment + truncated + malformed + unknown_link + too_deep), sum(packets), 0.01,
           'Packets could not be decoded: cut, fragmented, malformed or of an unknown kind.'
    FROM some
    UNION ALL
    SELECT 'damaged', sum(damaged), count(*), 0, 'Captures are damaged, and were read up to the damage.'
    FROM some
    UNION ALL
    SELECT 'evicted', sum(evicted), sum(sessions) + sum(evicted), 0,
           'Connections were given up for want of memory: give --memory more.'
    FROM some
)
SELECT caveat, CAST(n AS INTEGER) AS n, total, round(CAST(n AS REAL) / total, 6) AS part, sentence
FROM counts
WHERE n > 0 AND n >= least * total
ORDER BY CAST(n AS REAL) / total DESC, caveat;
