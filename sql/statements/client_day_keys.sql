-- The keys of a day.
SELECT day, direction, hop, fingerprint, tls_version, verdict
FROM client_day WHERE sensor = ?1 AND database = ?2 AND day = ?3 LIMIT ?4;
