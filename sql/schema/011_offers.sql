-- What a rehearsal of closed clear ports has to know of the sums: counters beside `sessions`, which count some of them.
-- Of sessions that are stored no more they know nothing: 0.

ALTER TABLE rate ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;         -- with STARTTLS offered
ALTER TABLE rate_day ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peer_day ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peer_day ADD COLUMN below_12 INTEGER NOT NULL DEFAULT 0;    -- encrypted by a TLS below 1.2
ALTER TABLE peer_month ADD COLUMN offered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peer_month ADD COLUMN below_12 INTEGER NOT NULL DEFAULT 0;

-- Codes and bits: fact 5 offered, 14 cut_short; marks 0 to 3 are those of a loss; verdicts 2 and 3 are encrypted.
UPDATE rate SET offered = f.n
FROM (SELECT s.sensor, s.database, s.first_us / 3600000000 * 3600 AS hour, s.direction, s.hop, s.protocol,
             iif(e.port IN (24, 25, 110, 143, 465, 587, 993, 995, 2525, 4190) OR e.port IN (SELECT port FROM odd_port),
                 e.port, 0) AS port,
             s.verdict, s.strip, iif(t.flags & 2, t.version, 0) AS version, iif(t.flags & 2, t.flags >> 3 & 1, 0) AS pq,
             s.auth_exposure, s.marks & 15 <> 0 OR s.facts >> 14 & 1 AS loss, count(*) AS n
      FROM session AS s
      JOIN endpoint AS e ON e.id = s.server
      LEFT JOIN tls_profile AS t ON t.id = s.tls
      WHERE s.facts >> 5 & 1
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) AS f
WHERE rate.sensor = f.sensor AND rate.database = f.database AND rate.hour = f.hour AND rate.direction = f.direction
  AND rate.hop = f.hop AND rate.protocol = f.protocol AND rate.server_port = f.port AND rate.verdict = f.verdict
  AND rate.strip = f.strip AND rate.tls_version = f.version AND rate.pq = f.pq AND rate.exposure = f.auth_exposure
  AND rate.loss = f.loss;

UPDATE rate_day SET offered = f.n
FROM (SELECT sensor, database, hour / 86400 * 86400 AS day, direction, hop, protocol, server_port, verdict, strip,
             tls_version, pq, exposure, loss, sum(offered) AS n
      FROM rate WHERE offered
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) AS f
WHERE rate_day.sensor = f.sensor AND rate_day.database = f.database AND rate_day.day = f.day
  AND rate_day.direction = f.direction AND rate_day.hop = f.hop AND rate_day.protocol = f.protocol
  AND rate_day.server_port = f.server_port AND rate_day.verdict = f.verdict AND rate_day.strip = f.strip
  AND rate_day.tls_version = f.tls_version AND rate_day.pq = f.pq AND rate_day.exposure = f.exposure
  AND rate_day.loss = f.loss;

-- Pairs beyond the bound of peer_day stand under server 0, network 0.
UPDATE peer_day SET offered = f.offered, below_12 = f.below_12
FROM (WITH seen AS (
          SELECT s.sensor, s.database, s.first_us / 86400000000 * 86400 AS day, s.direction, s.server,
                 CAST(iif(substr(c.address, 1, 12) = x'00000000000000000000ffff', substr(c.address, 1, 15) || x'00',
                          substr(c.address, 1, 6) || zeroblob(10)) AS BLOB) AS address,
                 s.hop, s.verdict, s.auth_exposure AS exposure, s.facts >> 5 & 1 AS offered,
                 s.verdict IN (2, 3) AND t.flags & 2 AND t.version BETWEEN 1 AND 770 AS below_12
          FROM session AS s
          JOIN endpoint AS c ON c.id = s.client
          LEFT JOIN tls_profile AS t ON t.id = s.tls
      ), pairs AS (
          SELECT seen.*, n.id AS network
          FROM seen JOIN endpoint AS n ON n.address = seen.address AND n.port = 0
          WHERE offered OR below_12
      ), placed AS (
          SELECT sensor, database, day, direction, server, network, hop, verdict, exposure, offered, below_12,
                 EXISTS (SELECT 1 FROM peer_day AS p
                         WHERE p.sensor = pairs.sensor AND p.database = pairs.database AND p.day = pairs.day
                           AND p.direction = pairs.direction AND p.server = pairs.server
                           AND p.network = pairs.network AND p.hop = pairs.hop AND p.verdict = pairs.verdict
                           AND p.exposure = pairs.exposure) AS own
          FROM pairs
      )
      SELECT sensor, database, day, direction, iif(own, server, 0) AS server, iif(own, network, 0) AS network, hop,
             verdict, exposure, total(offered) AS offered, total(below_12) AS below_12
      FROM placed
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9) AS f
WHERE peer_day.sensor = f.sensor AND peer_day.database = f.database AND peer_day.day = f.day
  AND peer_day.direction = f.direction AND peer_day.server = f.server AND peer_day.network = f.network
  AND peer_day.hop = f.hop AND peer_day.verdict = f.verdict AND peer_day.exposure = f.exposure;

UPDATE peer_month SET offered = f.offered, below_12 = f.below_12
FROM (SELECT sensor, database, CAST(strftime('%s', day, 'unixepoch', 'start of month') AS INTEGER) AS month, direction,
             server, network, hop, verdict, exposure, sum(offered) AS offered, sum(below_12) AS below_12
      FROM peer_day WHERE offered OR below_12
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9) AS f
WHERE peer_month.sensor = f.sensor AND peer_month.database = f.database AND peer_month.month = f.month
  AND peer_month.direction = f.direction AND peer_month.server = f.server AND peer_month.network = f.network
  AND peer_month.hop = f.hop AND peer_month.verdict = f.verdict AND peer_month.exposure = f.exposure;
