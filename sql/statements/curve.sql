-- The share of each day, or of each week (from Monday) where there is more than half a year: the
-- middle of the bucket in days since 1970, its width in days, sessions encrypted and decided.
-- :hop keeps one; else the headline: relay, submission and retrieval. Internal sessions never.
WITH chosen AS (
    SELECT hour / 86400 AS day, encrypted, decided
    FROM tallies
    WHERE decided > 0 AND direction <> 'internal'
      AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
), width AS (
    SELECT iif(max(day) - min(day) > 180, 7, 1) AS days FROM chosen
)
SELECT (day + 3) / days * days - 3 + days / 2.0 AS middle, days, sum(encrypted), sum(decided)
FROM chosen CROSS JOIN width
GROUP BY middle
ORDER BY middle;
