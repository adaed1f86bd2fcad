-- The first hour from ?1 on of which anything is counted; ?2: none is.
WITH own AS (SELECT sensor, database FROM source UNION SELECT sensor, database FROM run)
SELECT coalesce(min(hour), ?2)
FROM (SELECT (SELECT min(hour) FROM rate AS t WHERE t.sensor = own.sensor AND t.database = own.database AND t.hour >= ?1) AS hour FROM own
      UNION ALL
      SELECT (SELECT min(hour) FROM evidence_hour AS t WHERE t.sensor = own.sensor AND t.database = own.database AND t.hour >= ?1) FROM own
      UNION ALL
      SELECT (SELECT min(hour) FROM attempt AS t WHERE t.sensor = own.sensor AND t.database = own.database AND t.hour >= ?1) FROM own);
