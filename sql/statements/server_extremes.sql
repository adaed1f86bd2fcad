-- What is lowest and highest in `server` cannot be taken away again: it is looked up, where all sessions
-- of the server are still there; else it stays as it was. ?1 revision.
UPDATE server SET first_us = x.first_us, last_us = x.last_us, tls_low = x.tls_low, tls_high = x.tls_high,
                  rev = ?1
FROM (
    SELECT s.sensor, s.database, s.server AS endpoint, s.protocol, count(*) AS sessions,
           min(s.first_us) AS first_us, max(s.first_us + s.lasted_us) AS last_us,
           coalesce(min(iif(s.verdict = tls.code OR s.verdict = upgraded.code, t.version, NULL)), 65536) AS tls_low,
           coalesce(max(iif(s.verdict = tls.code OR s.verdict = upgraded.code, t.version, NULL)), 0) AS tls_high
    FROM session AS s
    CROSS JOIN temp.moved AS m ON m.sensor = s.sensor AND m.database = s.database AND m.endpoint = s.server
                               AND m.protocol = s.protocol
    CROSS JOIN word AS other ON other.kind = 'verdict' AND other.word = 'other'
    CROSS JOIN word AS tls ON tls.kind = 'verdict' AND tls.word = 'implicit_tls'
    CROSS JOIN word AS upgraded ON upgraded.kind = 'verdict' AND upgraded.word = 'starttls'
    LEFT JOIN tls_profile AS t ON t.id = s.tls AND t.flags & 2
    WHERE s.verdict <> other.code
    GROUP BY s.sensor, s.database, s.server, s.protocol
) AS x
WHERE server.sensor = x.sensor AND server.database = x.database AND server.endpoint = x.endpoint
  AND server.protocol = x.protocol AND server.sessions = x.sessions
  AND (server.first_us <> x.first_us OR server.last_us <> x.last_us OR server.tls_low <> x.tls_low
       OR server.tls_high <> x.tls_high);
