-- The first hour of which anything is counted; ?1: none is.
SELECT coalesce(min(hour), ?1)
FROM (SELECT min(hour) AS hour FROM rate UNION ALL SELECT min(hour) FROM evidence_hour UNION ALL SELECT min(hour) FROM attempt);
