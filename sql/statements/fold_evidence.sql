-- As fold_rate.sql.
INSERT INTO evidence_hour (sensor, database, hour, direction, hop, evidence, grade, verdict, sessions, rev)
SELECT sensor, database, hour / 86400 * 86400 AS day, direction, hop, evidence, grade, verdict, sum(sessions), (SELECT revision + 1 FROM database)
FROM evidence_hour
WHERE sensor IN (SELECT sensor FROM source UNION SELECT sensor FROM run)
  AND database IN (SELECT database FROM source UNION SELECT database FROM run)
  AND hour >= ?1 AND hour < ?2 AND hour % 86400 <> 0
GROUP BY sensor, database, day, direction, hop, evidence, grade, verdict
ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, rev = excluded.rev;
