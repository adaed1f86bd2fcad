-- As fold_rate.sql.
INSERT INTO attempt (sensor, database, hour, server_port, outcome, n, rev)
SELECT sensor, database, hour / 86400 * 86400 AS day, server_port, outcome, sum(n), (SELECT revision + 1 FROM database)
FROM attempt
WHERE sensor IN (SELECT sensor FROM source UNION SELECT sensor FROM run)
  AND database IN (SELECT database FROM source UNION SELECT database FROM run)
  AND hour >= ?1 AND hour < ?2 AND hour % 86400 <> 0
GROUP BY sensor, database, day, server_port, outcome
ON CONFLICT DO UPDATE SET n = n + excluded.n, rev = excluded.rev;
