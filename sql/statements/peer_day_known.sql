-- ?1 sensor, ?2 database, then the key.
SELECT 1 FROM peer_day
WHERE sensor = ?1 AND database = ?2 AND day = ?3 AND direction = ?4 AND server = ?5 AND network = ?6
  AND hop = ?7 AND verdict = ?8 AND exposure = ?9;
