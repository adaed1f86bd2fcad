-- Sums that reports read instead of sessions and hours: a report on years takes no longer than one on days.

-- The rates of whole days; all else as in `rate`.
CREATE TABLE rate_day (
    sensor         INTEGER NOT NULL,
    database       INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    direction      INTEGER NOT NULL,
    hop            INTEGER NOT NULL,
    protocol       INTEGER NOT NULL,
    server_port    INTEGER NOT NULL,
    verdict        INTEGER NOT NULL,
    strip          INTEGER NOT NULL,
    tls_version    INTEGER NOT NULL,
    pq             INTEGER NOT NULL,
    exposure       INTEGER NOT NULL,
    loss           INTEGER NOT NULL,
    sessions       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    messages_clear INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, protocol, server_port, verdict, strip,
                 tls_version, pq, exposure, loss)
) STRICT, WITHOUT ROWID;

INSERT INTO rate_day (sensor, database, day, direction, hop, protocol, server_port, verdict, strip, tls_version, pq,
                      exposure, loss, sessions, bytes, messages_clear, rev)
SELECT sensor, database, hour / 86400 * 86400 AS day, direction, hop, protocol, server_port, verdict, strip,
       tls_version, pq, exposure, loss, sum(sessions), sum(bytes), sum(messages_clear), max(rev)
FROM rate
GROUP BY sensor, database, day, direction, hop, protocol, server_port, verdict, strip, tls_version, pq, exposure, loss;

-- Sessions by each evidence they show: one with several counts once for each.
CREATE TABLE evidence_hour (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    hour      INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    hop       INTEGER NOT NULL,
    evidence  INTEGER NOT NULL,
    grade     INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, hour, direction, hop, evidence, grade, verdict)
) STRICT, WITHOUT ROWID;

INSERT INTO evidence_hour
SELECT s.sensor, s.database, s.first_us / 3600000000 * 3600 AS hour, s.direction, s.hop, e.code,
       s.evidence >> (2 * e.code) & 3 AS grade, s.verdict, count(*), (SELECT max(revision) FROM database)
FROM session AS s JOIN word AS e ON e.kind = 'evidence' AND s.evidence >> (2 * e.code) & 3
WHERE s.evidence
GROUP BY s.sensor, s.database, hour, s.direction, s.hop, e.code, grade, s.verdict;

-- Certificates that servers showed in clear. At most 2,000 kinds for a sensor and day, the rest under server 0,
-- certificate 0.
CREATE TABLE certificate_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    server      INTEGER NOT NULL,          -- endpoint, 0: other
    certificate INTEGER NOT NULL,          -- 0: other
    sessions    INTEGER NOT NULL,
    out_of_time INTEGER NOT NULL,          -- sessions that began before or behind its validity
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, server, certificate)
) STRICT, WITHOUT ROWID;

INSERT INTO certificate_day
SELECT sensor, database, first_us / 86400000000 * 86400 AS day, direction, hop, server, certificate, count(*),
       sum(incidents >> 10 & 1),            -- expired_certificate
       (SELECT max(revision) FROM database)
FROM session WHERE certificate IS NOT NULL
GROUP BY sensor, database, day, direction, hop, server, certificate;

-- The programs of clients by their fingerprints, and what became of their sessions. At most 2,000 kinds for a
-- sensor and day, the rest under fingerprint -1. Sessions that are not mail do not count.
CREATE TABLE client_day (
    sensor      INTEGER NOT NULL,
    database    INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    hop         INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,          -- 0: no hello was seen whole; -1: other
    tls_version INTEGER NOT NULL,          -- chosen; 0: none seen
    verdict     INTEGER NOT NULL,
    sessions    INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, day, direction, hop, fingerprint, tls_version, verdict)
) STRICT, WITHOUT ROWID;

INSERT INTO client_day
SELECT s.sensor, s.database, s.first_us / 86400000000 * 86400 AS day, s.direction, s.hop,
       coalesce(s.fingerprint, 0) AS finger, iif(t.flags & 2, t.version, 0) AS chosen, s.verdict, count(*),
       (SELECT max(revision) FROM database)
FROM session AS s
LEFT JOIN tls_profile AS t ON t.id = s.tls
WHERE s.verdict <> 1                        -- other
GROUP BY s.sensor, s.database, day, s.direction, s.hop, finger, chosen, s.verdict;

-- The peers by calendar months, of the same kinds as in peer_day.
CREATE TABLE peer_month (
    sensor    INTEGER NOT NULL,
    database  INTEGER NOT NULL,
    month     INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    server    INTEGER NOT NULL,
    network   INTEGER NOT NULL,
    hop       INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    exposure  INTEGER NOT NULL,
    sessions  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    PRIMARY KEY (sensor, database, month, direction, server, network, hop, verdict, exposure)
) STRICT, WITHOUT ROWID;

INSERT INTO peer_month (sensor, database, month, direction, server, network, hop, verdict, exposure, sessions, bytes, rev)
SELECT sensor, database, CAST(strftime('%s', day, 'unixepoch', 'start of month') AS INTEGER) AS month, direction, server,
       network, hop, verdict, exposure, sum(sessions), sum(bytes), max(rev)
FROM peer_day
GROUP BY sensor, database, month, direction, server, network, hop, verdict, exposure;
