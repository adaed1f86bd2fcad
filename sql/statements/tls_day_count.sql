SELECT count(*) FROM tls_day WHERE sensor = ?1 AND database = ?2 AND day = ?3;
