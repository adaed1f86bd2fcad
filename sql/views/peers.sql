-- The table `peer_day` with its dimensions as text. What found no room of its own any more has
-- server and network "other".
DROP VIEW IF EXISTS peers;
CREATE VIEW peers AS
SELECT s.text AS sensor,
       p.database,
       date(p.day, 'unixepoch') AS day,
       p.day AS day_unix,
       d.word AS direction,
       iif(p.server, e.text, 'other') AS server,
       iif(p.server, e.port, NULL) AS port,
       CASE WHEN p.network = 0 THEN 'other'
            WHEN instr(n.text, ':') THEN n.text || '/48'
            ELSE n.text || '/24' END AS network,
       h.word AS hop,
       v.word AS verdict,
       x.word AS exposure,
       p.sessions,
       p.bytes,
       p.rev
FROM peer_day AS p
LEFT JOIN name AS s ON s.id = p.sensor
LEFT JOIN endpoint AS e ON e.id = p.server
LEFT JOIN endpoint AS n ON n.id = p.network
LEFT JOIN word AS d ON d.kind = 'direction' AND d.code = p.direction
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = p.hop
LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = p.verdict
LEFT JOIN word AS x ON x.kind = 'exposure' AND x.code = p.exposure;
