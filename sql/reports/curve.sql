-- The points of the adoption curve: the share of each day, or of each week beyond half a year.
--
-- middle is that of the bucket in days since 1970, days its width (a week begins on Monday). :hop keeps
-- one; else the headline: relay, submission and retrieval. Internal sessions only where :direction asks
-- for them. :since and :until (unix seconds) choose the hours that begin in [since, until). The command
-- `mailseal curve` fits them.
WITH chosen AS (
    SELECT hour / 86400 AS day, sum(encrypted) AS encrypted, sum(decided) AS decided
    FROM tallies
    WHERE decided > 0 AND (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
      AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
    GROUP BY hour / 86400
), width AS (
    SELECT iif(max(day) - min(day) > 180, 7, 1) AS days FROM chosen
)
SELECT (day + 3) / days * days - 3 + days / 2.0 AS middle, days, sum(encrypted) AS encrypted,
       sum(decided) AS decided
FROM chosen CROSS JOIN width
GROUP BY middle
ORDER BY middle;
