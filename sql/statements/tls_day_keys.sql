-- The keys of a day.
SELECT day, direction, hop, tls_version, cipher, grp, pq_offered
FROM tls_day WHERE sensor = ?1 AND database = ?2 AND day = ?3 LIMIT ?4;
