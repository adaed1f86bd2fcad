-- The keys of a day.
SELECT day, direction, server, network, hop, verdict, exposure
FROM peer_day WHERE sensor = ?1 AND database = ?2 AND day = ?3 LIMIT ?4;
