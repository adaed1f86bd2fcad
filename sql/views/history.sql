-- The table `history_month` with its dimensions as text. What found no room of its own any more has server and network
-- "other". A list is known by eight digits, the same for all servers that have it; NULL: none was seen whole.
DROP VIEW IF EXISTS history;
CREATE VIEW history AS
SELECT s.text AS sensor,
       h.database,
       substr(date(h.month, 'unixepoch'), 1, 7) AS month,
       h.month AS month_unix,
       iif(h.server, e.text, 'other') AS server,
       iif(h.server, e.port, NULL) AS port,
       CASE WHEN h.network = 0 THEN 'other'
            WHEN instr(n.text, ':') THEN n.text || '/48'
            ELSE n.text || '/24' END AS network,
       iif(h.list, printf('%08x', h.list), NULL) AS list,
       h.sessions,
       h.lists,
       h.offered,
       h.accepted,
       h.upgraded,
       h.implicit,
       CASE WHEN h.tls_high THEN coalesce(t.word, printf('0x%04x', h.tls_high)) END AS tls_high,
       strftime('%Y-%m-%dT%H:%M:%SZ', h.first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', h.last_us / 1000000, 'unixepoch') AS last,
       CASE WHEN h.offer_us THEN strftime('%Y-%m-%dT%H:%M:%SZ', h.offer_us / 1000000, 'unixepoch') END AS last_offer,
       CASE WHEN h.lack_us THEN strftime('%Y-%m-%dT%H:%M:%SZ', h.lack_us / 1000000, 'unixepoch') END AS last_lack,
       h.rev
FROM history_month AS h
LEFT JOIN name AS s ON s.id = h.sensor
LEFT JOIN endpoint AS e ON e.id = h.server
LEFT JOIN endpoint AS n ON n.id = h.network
LEFT JOIN word AS t ON t.kind = 'tls_version' AND t.code = h.tls_high;
