-- ?1 sensor, ?2 database, then the key.
SELECT 1 FROM tls_day
WHERE sensor = ?1 AND database = ?2 AND day = ?3 AND direction = ?4 AND hop = ?5 AND tls_version = ?6
  AND cipher = ?7 AND grp = ?8 AND pq_offered = ?9;
