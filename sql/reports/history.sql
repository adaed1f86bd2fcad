-- What each server used to offer, by capability list and client network: how often, what came of it, and until when.
--
-- offered of the lists seen whole had STARTTLS; accepted, upgraded and implicit are sessions with the go-ahead, with a
-- handshake behind it, and with one where TLS came first; tls is the highest version that the server chose. A list is known
-- by eight digits, which leave out what is offered of TLS and AUTH, so that it stays the same where the offer is taken away.
-- network `all` sums up the networks of a server and list: networks are how many, offering those of them whose newest list
-- had the offer. The other rows are its networks, those first that lost it: an offer before, and none in the newest list.
-- Sums, which stay when sessions go; `first` says from when on they count. :since and :until (unix seconds) choose
-- the months, as wholes, that have days in [since, until). :hop and :direction are not known of these sums.
WITH sums AS (
    SELECT server, network, list, sum(lists) AS lists, sum(offered) AS offered, sum(accepted) AS accepted,
           sum(upgraded) AS upgraded, sum(implicit) AS implicit, max(tls_high) AS tls, min(first_us) AS first_us,
           max(last_us) AS last_us, max(offer_us) AS offer_us, max(lack_us) AS lack_us, 1 AS networks
    FROM history_month
    WHERE (:since IS NULL OR month >= CAST(strftime('%s', :since, 'unixepoch', 'start of month') AS INTEGER)) AND (:until IS NULL OR month < :until)
    GROUP BY server, network, list
), both AS (
    SELECT server, NULL AS network, list, sum(lists) AS lists, sum(offered) AS offered, sum(accepted) AS accepted,
           sum(upgraded) AS upgraded, sum(implicit) AS implicit, max(tls) AS tls, min(first_us) AS first_us,
           max(last_us) AS last_us, max(offer_us) AS offer_us, max(lack_us) AS lack_us, sum(networks) AS networks,
           sum(offer_us > lack_us) AS offering, 0 AS lost
    FROM sums GROUP BY server, list
    UNION ALL
    SELECT *, offer_us > lack_us, offer_us > 0 AND lack_us >= offer_us FROM sums
)
SELECT iif(b.server, e.text, 'other') AS server, iif(b.server, e.port, NULL) AS port,
       iif(b.list, printf('%08x', b.list), NULL) AS list,
       CASE WHEN b.network IS NULL THEN 'all' WHEN b.network = 0 THEN 'other'
            WHEN instr(n.text, ':') THEN n.text || '/48' ELSE n.text || '/24' END AS network,
       lists, offered, accepted, upgraded, implicit, coalesce(t.word, iif(tls, printf('0x%04x', tls), NULL)) AS tls,
       networks, offering,
       strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_us / 1000000, 'unixepoch') AS last,
       iif(offer_us, strftime('%Y-%m-%dT%H:%M:%SZ', offer_us / 1000000, 'unixepoch'), NULL) AS last_offer,
       iif(lack_us, strftime('%Y-%m-%dT%H:%M:%SZ', lack_us / 1000000, 'unixepoch'), NULL) AS last_lack
FROM both AS b
LEFT JOIN endpoint AS e ON e.id = b.server
LEFT JOIN endpoint AS n ON n.id = b.network
LEFT JOIN word AS t ON t.kind = 'tls_version' AND t.code = b.tls
ORDER BY b.server = 0, e.address, e.port, b.list, b.network IS NOT NULL, lost DESC, b.network = 0, n.address;
