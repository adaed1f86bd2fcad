-- Hours that are in their days now: fold_attempt.sql.
DELETE FROM attempt
WHERE sensor IN (SELECT sensor FROM source UNION SELECT sensor FROM run)
  AND database IN (SELECT database FROM source UNION SELECT database FROM run)
  AND hour >= ?1 AND hour < ?2 AND hour % 86400 <> 0;
