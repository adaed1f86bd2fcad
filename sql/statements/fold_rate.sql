-- Hours from ?1 until ?2, both the beginning of a day, become those of their days: all of a day stands in its first hour,
-- under a revision of its own (fold_move.sql); what stood in the others is not there any more.
INSERT INTO rate (sensor, database, hour, direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure,
                  loss, sessions, bytes, messages_clear, rev, offered)
SELECT sensor, database, hour / 86400 * 86400 AS day, direction, hop, protocol, server_port, verdict, strip, tls_version,
       pq, exposure, loss, sum(sessions), sum(bytes), sum(messages_clear), (SELECT revision + 1 FROM database), sum(offered)
FROM rate
WHERE sensor IN (SELECT sensor FROM source UNION SELECT sensor FROM run)
  AND database IN (SELECT database FROM source UNION SELECT database FROM run)
  AND hour >= ?1 AND hour < ?2 AND hour % 86400 <> 0
GROUP BY sensor, database, day, direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure, loss
ON CONFLICT DO UPDATE SET
    sessions = sessions + excluded.sessions,
    bytes = bytes + excluded.bytes,
    messages_clear = messages_clear + excluded.messages_clear,
    offered = offered + excluded.offered,
    rev = excluded.rev;
