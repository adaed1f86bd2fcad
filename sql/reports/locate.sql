-- Where whoever keeps TLS away stands, on which side of the sensor, and what kind of box it is, as far as can be known.
--
-- A path is a client network with a server (address and port) that has sessions whose stripping is of grade :grade or more,
-- by default likely; sessions is how many, first and last when they began, session the newest, for `mailseal explain`.
-- Of each path several things are said, in a word and a sentence. about is
--   place          near client, near server, this way (of these two), shared way, not at server, not at client, not known:
--                  by what the next two say
--   these clients  there is one if some of their sessions with this server, between first and last, had the offer: mixed
--   other clients  of other networks with this server, other servers of this network with the same port there,
--                  other ports of this network with the same server address: free (they had the offer), hit (they were
--                  stripped), mixed, not known (none). They count from an hour before first to an hour behind last.
--   sensor         client side, server side, both sides, not known: where on the way the words were altered or sent
--   kind           what the box does; whose it is cannot be known
-- evidence is what the saying rests on. :server_from to :server_to and :client_from to :client_to are addresses (blobs of 16
-- bytes) as they are stored; :since and :until (unix seconds) choose sessions that began in [since, until). Without :since they are
-- those of the 30 days before the newest of them: of older ones the rest, which they are to be compared with,
-- is no longer kept.
--
-- A path is not joined with what it is compared with, row by row, which would be quadratic where many are hit at one server.
-- All moments are put in order of time once; what lies between two of them is the difference of two sums. Networks and
-- servers are counted that way by their first and last session, so one that was seen before and behind but not between
-- counts, too.
WITH all_hits AS MATERIALIZED (
    SELECT s.id, s.first_us, s.server, s.facts, s.evidence, iif(s.server_ttl BETWEEN 1 AND 255, s.server_ttl, NULL) AS server_ttl, s.forged_ttl,
           -- an IPv4 address begins with ten zeroes and ff ff
           iif(substr(c.address, 1, 12) = x'00000000000000000000ffff', substr(c.address, 1, 15), substr(c.address, 1, 6)) AS network
    FROM session AS s JOIN endpoint AS c ON c.id = s.client JOIN endpoint AS d ON d.id = s.server
    WHERE (s.evidence <> 0 OR s.incidents <> 0) = 1     -- as in the index session_age
      AND s.first_us >= coalesce(:since, 0) * 1000000 AND s.first_us < coalesce(:until, 32503680000) * 1000000
      AND s.strip >= max(1, (SELECT code FROM word WHERE kind = 'grade' AND word = coalesce(:grade, 'likely')))
      AND s.strip <> (SELECT code FROM word WHERE kind = 'strip' AND word = 'allowed')
      AND (:hop IS NULL OR s.hop = (SELECT code FROM word WHERE kind = 'hop' AND word = :hop))
      AND (:direction IS NULL OR s.direction = (SELECT code FROM word WHERE kind = 'direction' AND word = :direction))
      AND (:server_from IS NULL OR d.address BETWEEN :server_from AND :server_to)
      AND (:client_from IS NULL OR c.address BETWEEN :client_from AND :client_to)
), hit AS MATERIALIZED (
    SELECT * FROM all_hits WHERE :since IS NOT NULL OR first_us >= (SELECT max(first_us) FROM all_hits) - 30 * 86400000000
), paths AS MATERIALIZED (
    SELECT max(hit.id) AS path, network, server, d.address, d.port, count(*) AS sessions, min(first_us) AS first_us, max(first_us) AS last_us,
           min(first_us) - 3600000000 AS since_us, max(first_us) + 3600000000 AS until_us, max(hit.id) AS session, min(server_ttl) AS ttl, max(server_ttl) AS highest_ttl
    FROM hit JOIN endpoint AS d ON d.id = server
    GROUP BY network, server
), bound AS (
    SELECT min(since_us) AS since, max(until_us) AS until FROM paths
), around AS MATERIALIZED (
    SELECT first_us, server, address, port, network, server_ttl, strip = 0 AS free FROM (
        SELECT s.first_us, s.server, d.address, d.port, s.strip, iif(s.server_ttl BETWEEN 1 AND 255, s.server_ttl, NULL) AS server_ttl,
               s.facts >> (SELECT code FROM word WHERE kind = 'fact' AND word = 'offered') & 1
               OR s.verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'starttls') AS offered,
               iif(substr(c.address, 1, 12) = x'00000000000000000000ffff', substr(c.address, 1, 15), substr(c.address, 1, 6)) AS network
        FROM session AS s JOIN endpoint AS c ON c.id = s.client JOIN endpoint AS d ON d.id = s.server
        WHERE (s.evidence <> 0 OR s.incidents <> 0) IN (0, 1)   -- all, in the order of the index session_age
          AND s.first_us BETWEEN (SELECT since FROM bound) AND (SELECT until FROM bound))
    WHERE (strip = 0 AND offered OR strip BETWEEN 2 AND 3) -- likely and proven, whatever was asked for: what is only possible tells no place
      AND (server IN (SELECT server FROM paths) OR network IN (SELECT network FROM paths))
), ways AS MATERIALIZED (                  -- sessions, and how many ways (network and server) have begun and ended, of what a path is compared with
    SELECT network, server, address, port, first_us, free, NOT free AS stripped, iif(free, server_ttl, NULL) AS ttl, 0 AS begun, 0 AS ended FROM around
    UNION ALL
    SELECT network, server, address, port, min(first_us), 0, 0, NULL, 1, 0 FROM around GROUP BY network, server
    UNION ALL
    SELECT network, server, address, port, max(first_us), 0, 0, NULL, 0, 1 FROM around GROUP BY network, server
), moments AS (                            -- and between them, where the time of a path begins and ends: it is the difference of two sums
    SELECT 'own' AS among, network AS one, server AS two, first_us AS at, 1 AS nth, free, stripped, NULL AS ttl, begun, ended, NULL AS path, NULL AS about FROM ways
    UNION ALL SELECT 'own', network, server, since_us, 0, 0, 0, NULL, 0, 0, path, 'own' FROM paths
    UNION ALL SELECT 'own', network, server, until_us, 2, 0, 0, NULL, 0, 0, path, 'own' FROM paths
    UNION ALL SELECT 'own', network, server, first_us, 0, 0, 0, NULL, 0, 0, path, 'these clients' FROM paths
    UNION ALL SELECT 'own', network, server, last_us, 2, 0, 0, NULL, 0, 0, path, 'these clients' FROM paths
    UNION ALL SELECT 'other clients', server, NULL, first_us, 1, free, stripped, ttl, begun, ended, NULL, NULL FROM ways
    UNION ALL SELECT 'other clients', server, NULL, since_us, 0, 0, 0, NULL, 0, 0, path, 'other clients' FROM paths
    UNION ALL SELECT 'other clients', server, NULL, until_us, 2, 0, 0, NULL, 0, 0, path, 'other clients' FROM paths
    UNION ALL SELECT 'other servers', network, port, first_us, 1, free, stripped, NULL, begun, ended, NULL, NULL FROM ways
    UNION ALL SELECT 'other servers', network, port, since_us, 0, 0, 0, NULL, 0, 0, path, 'other servers' FROM paths
    UNION ALL SELECT 'other servers', network, port, until_us, 2, 0, 0, NULL, 0, 0, path, 'other servers' FROM paths
    UNION ALL SELECT 'other ports', network, address, first_us, 1, free, stripped, NULL, begun, ended, NULL, NULL FROM ways
    UNION ALL SELECT 'other ports', network, address, since_us, 0, 0, 0, NULL, 0, 0, path, 'other ports' FROM paths
    UNION ALL SELECT 'other ports', network, address, until_us, 2, 0, 0, NULL, 0, 0, path, 'other ports' FROM paths
), until_then AS (
    SELECT about, path, nth - 1 AS sign, sum(free) OVER past AS free, sum(stripped) OVER past AS stripped, sum(begun) OVER past AS begun,
           sum(ended) OVER past AS ended, count(ttl) OVER past AS ttls, sum(ttl) OVER past AS ttl, sum(ttl * ttl) OVER past AS ttl_squares
    FROM moments
    WINDOW past AS (PARTITION BY among, one, two ORDER BY at, nth ROWS UNBOUNDED PRECEDING)
), within AS (
    SELECT path,
           sum(iif(about = 'these clients', sign * free, 0)) AS amid,
           sum(iif(about = 'own', iif(sign > 0, begun, -ended), 0)) AS own_ways,
           sum(iif(about = 'own', sign * free, 0)) AS own_free, sum(iif(about = 'own', sign * stripped, 0)) AS own_stripped,
           sum(iif(about = 'other clients', sign * free, 0)) AS client_free, sum(iif(about = 'other clients', sign * stripped, 0)) AS client_stripped,
           sum(iif(about = 'other clients', iif(sign > 0, begun, -ended), 0)) AS networks,
           sum(iif(about = 'other clients', sign * ttls, 0)) AS ttls, sum(iif(about = 'other clients', sign * ttl, 0)) AS ttl_sum,
           sum(iif(about = 'other clients', sign * ttl_squares, 0)) AS ttl_squares,
           sum(iif(about = 'other servers', sign * free, 0)) AS server_free, sum(iif(about = 'other servers', sign * stripped, 0)) AS server_stripped,
           sum(iif(about = 'other servers', iif(sign > 0, begun, -ended), 0)) AS servers,
           sum(iif(about = 'other ports', sign * free, 0)) AS port_free, sum(iif(about = 'other ports', sign * stripped, 0)) AS port_stripped
    FROM until_then WHERE path IS NOT NULL
    GROUP BY path
), compared AS MATERIALIZED (              -- the others are all but one's own
    SELECT p.*, amid AS own, client_free - own_free AS cf, client_stripped - own_stripped AS cs, networks - own_ways AS networks,
           server_free - own_free AS sf, server_stripped - own_stripped AS ss, servers - own_ways AS servers,
           port_free - own_free AS pf, port_stripped - own_stripped AS ps,
           iif(ttls >= 3 AND ttls * ttl_squares = ttl_sum * ttl_sum, ttl_sum / ttls, NULL) AS usual_ttl, ttls     -- all are the same
    FROM within AS w CROSS JOIN paths AS p ON p.path = w.path
), states AS (
    SELECT *, CASE WHEN cf AND cs THEN 'mixed' WHEN cf THEN 'free' WHEN cs THEN 'hit' ELSE 'not known' END AS clients,
           CASE WHEN sf AND ss THEN 'mixed' WHEN sf THEN 'free' WHEN ss THEN 'hit' ELSE 'not known' END AS ways,
           CASE WHEN pf AND ps THEN 'mixed' WHEN pf THEN 'free' WHEN ps THEN 'hit' END AS ports
    FROM compared
), found AS MATERIALIZED (                 -- where these clients are hit now and then only, that others are not tells nothing
    SELECT *, iif(own AND clients = 'free', 'mixed', clients) || ', ' || ways AS ends FROM states
), seen AS MATERIALIZED (
    SELECT hit.id, network, server, e.code, e.word AS evidence, forged_ttl, server_ttl,
           facts >> (SELECT code FROM word WHERE kind = 'fact' AND word = 'requested') & 1 AS requested,
           iif(forged_ttl <= 64, 64, iif(forged_ttl <= 128, 128, 255)) - forged_ttl AS forged_hops,
           iif(server_ttl <= 64, 64, iif(server_ttl <= 128, 128, 255)) - server_ttl AS server_hops
    FROM hit JOIN word AS e ON e.kind = 'evidence' AND evidence >> 2 * e.code & 3
), sides AS (
    SELECT id, network, server, code, evidence,
           CASE WHEN evidence = 'overlap_conflict' THEN 'both sides'
                WHEN evidence = 'masked_command' AND NOT requested THEN 'client side'
                WHEN evidence = 'tls_blocked' OR evidence = 'forged_reply' AND coalesce(forged_hops, 0) = 0 THEN 'not known'
                WHEN evidence <> 'clear_after_accept' THEN 'server side' END AS word,
           CASE WHEN evidence = 'overlap_conflict'
                THEN 'the capture shows both sides of the box: the same bytes as they were, and altered'
                WHEN evidence = 'masked_command' AND NOT requested
                THEN 'between the clients and the sensor: what the client says arrives altered'
                WHEN evidence = 'tls_blocked' THEN 'what broke the handshake may stand on either side'
                WHEN evidence = 'forged_reply' AND forged_ttl IS NULL
                THEN 'the reply has another TTL than all else that the server says; the two were not stored'
                WHEN evidence = 'forged_reply'
                THEN printf('the reply came with TTL %d, all else that the server says with %d: ', forged_ttl, server_ttl)
                     || CASE WHEN forged_hops = 0 THEN 'it was sent in the sensor''s own network, on a side of it that this does not tell'
                             ELSE iif(forged_hops > server_hops,
                                      'it came the server''s way, from how far is not known: no usual first TTL (64, 128, 255) puts it between',
                                      printf('it came the server''s way, from %d hop%s off, the server being %d off (as with the usual first TTLs of 64, 128 and 255)',
                                             forged_hops, iif(forged_hops = 1, '', 's'), server_hops)) END
                WHEN evidence IN ('masked_capability', 'masked_greeting', 'masked_command', 'offer_withdrawn', 'accepted_without_offer')
                THEN 'between the sensor and the server, or at it: what the server says arrives without the offer, or altered'
                WHEN evidence <> 'clear_after_accept' THEN 'between the sensor and the server, or at it: the refusal arrives from there' END AS says
    FROM seen
), kinds AS (
    SELECT id, network, server, code, evidence,
           CASE WHEN evidence IN ('masked_capability', 'masked_command', 'masked_greeting') THEN 'same-length masking'
                WHEN evidence IN ('offer_withdrawn', 'accepted_without_offer') THEN 'offer removed'
                WHEN evidence = 'forged_reply' THEN 'reply injected'
                WHEN evidence IN ('refused_after_offer', 'refused_for_now') THEN 'command refused'
                WHEN evidence = 'hello_refused' THEN 'EHLO refused'
                WHEN evidence = 'tls_blocked' THEN 'handshake broken'
                WHEN evidence = 'overlap_conflict' THEN 'altered in line'
                WHEN evidence = 'clear_after_accept' THEN 'decrypted' END AS word,
           CASE WHEN evidence IN ('masked_capability', 'masked_command', 'masked_greeting')
                THEN 'overwrites words at their own length, in line, so that no sequence number changes'
                WHEN evidence IN ('offer_withdrawn', 'accepted_without_offer')
                THEN 'takes the offer out of the list, whose length changes: rewritten in line, or a proxy that is both ends'
                WHEN evidence = 'forged_reply' THEN 'sends a reply of its own into the connection'
                WHEN evidence IN ('refused_after_offer', 'refused_for_now') THEN 'lets the offer pass, and the command is refused'
                WHEN evidence = 'hello_refused' THEN 'has EHLO refused, so that nothing can be offered'
                WHEN evidence = 'tls_blocked' THEN 'lets the go-ahead pass, and the handshake breaks'
                WHEN evidence = 'overlap_conflict' THEN 'alters segments in line, at the sequence numbers that they have'
                WHEN evidence = 'clear_after_accept'
                THEN 'perhaps none on the way: what the sensor is fed may have been decrypted' END AS says
    FROM seen
    UNION ALL
    SELECT session, network, server, 32, NULL, 'full proxy',
           printf('all that the server says came with TTL %d, and with %d in %d sessions that had the offer: somebody else holds these connections, a proxy that is both ends, if it is not another host of this address, or another way to it',
                  ttl, usual_ttl, ttls)
    FROM found WHERE ttl = highest_ttl AND ttl <> usual_ttl
    UNION ALL
    SELECT session, network, server, 33, NULL, 'no full proxy',
           printf('all that the server says came with TTL %d, as in %d sessions that had the offer: its connections were hardly held by somebody else', ttl, ttls)
    FROM found WHERE ttl = highest_ttl AND ttl = usual_ttl
), said AS (
    SELECT network, server, 1 AS nth, 0 AS rank, 'place' AS about,
           CASE ends
                WHEN 'free, hit' THEN 'near client' WHEN 'hit, free' THEN 'near server' WHEN 'free, free' THEN 'this way'
                WHEN 'hit, hit' THEN 'shared way'
                WHEN 'free, mixed' THEN 'not at server' WHEN 'free, not known' THEN 'not at server'
                WHEN 'not known, free' THEN 'not at client' WHEN 'mixed, free' THEN 'not at client' ELSE 'not known' END AS word,
           CASE ends
                WHEN 'free, hit' THEN 'near these clients: their other ways are hit, and nobody else''s with this server'
                WHEN 'hit, free' THEN 'near the server, or the server itself: all that come to it are hit, and these clients nowhere else'
                WHEN 'free, free' THEN 'on the way of these clients with this server only; or the server treats them apart'
                WHEN 'hit, hit' THEN 'on a way that all of these share: others with this server are hit, too, and so are these clients with others'
                WHEN 'free, mixed' THEN 'not at the server: others have its offer; on some ways of these clients, unless the server treats them apart'
                WHEN 'free, not known' THEN 'not at the server: others have its offer; on the way of these clients, unless the server treats them apart'
                WHEN 'not known, free' THEN 'not near these clients: others offer to them; on the way to this server, or it is the server'
                WHEN 'mixed, free' THEN 'not near these clients: others offer to them; on a way to this server that some take, or one of several hosts of its address'
                WHEN 'not known, not known' THEN 'only one client network was seen with this server, and only one server with these clients'
                WHEN 'hit, not known' THEN 'near the server, or on a way that these networks share; no other server was seen with these clients'
                WHEN 'not known, hit' THEN 'near these clients, or on a way to both servers; only one client network was seen with this server'
                ELSE 'some that share these ends are hit and some are not' END AS says,
           NULL AS evidence, session
    FROM found
    UNION ALL
    SELECT network, server, 2, 0, 'these clients', 'mixed',
           printf('%d more session%s of theirs with this server between the first and the last had the offer', own, iif(own = 1, '', 's')), NULL, session
    FROM found WHERE own
    UNION ALL
    SELECT network, server, 3, 0, 'other clients', clients,
           iif(clients = 'not known', 'only one client network was seen with this server',
               printf('%d session%s of %d other network%s with this server: %d had the offer, %d stripped', cf + cs, iif(cf + cs = 1, '', 's'),
                      min(networks, cf + cs), iif(min(networks, cf + cs) = 1, '', 's'), cf, cs)), NULL, session
    FROM found
    UNION ALL
    SELECT network, server, 4, 0, 'other servers', ways,
           iif(ways = 'not known', printf('no other server was seen with these clients on port %d', port),
               printf('%d session%s of these clients with %d other server%s on port %d: %d had the offer, %d stripped', sf + ss, iif(sf + ss = 1, '', 's'),
                      min(servers, sf + ss), iif(min(servers, sf + ss) = 1, '', 's'), port, sf, ss)), NULL, session
    FROM found
    UNION ALL
    SELECT network, server, 5, 0, 'other ports', ports,
           printf('%d session%s of these clients with other ports of this server: %d had the offer, %d stripped', pf + ps,
                  iif(pf + ps = 1, '', 's'), pf, ps), NULL, session
    FROM found WHERE ports IS NOT NULL
    UNION ALL
    SELECT network, server, 6, min(code), 'sensor', word, says, group_concat(DISTINCT evidence), max(id)
    FROM sides WHERE word IS NOT NULL GROUP BY network, server, says
    UNION ALL
    SELECT network, server, 7, min(code), 'kind', word, says, group_concat(DISTINCT evidence), max(id)
    FROM kinds WHERE word IS NOT NULL GROUP BY network, server, says
)
SELECT n.text || iif(length(p.network) = 15, '/24', '/48') AS client, d.text AS server, p.port, p.sessions,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.last_us / 1000000, 'unixepoch') AS last,
       about, word, says, coalesce(replace(evidence, ',', ' '), '') AS evidence, s.session
FROM said AS s
JOIN paths AS p ON p.network = s.network AND p.server = s.server
JOIN endpoint AS d ON d.id = p.server
LEFT JOIN endpoint AS n ON n.port = 0 AND n.address = CAST(p.network || zeroblob(16 - length(p.network)) AS BLOB)
ORDER BY p.last_us DESC, p.session DESC, p.network, p.server, nth, rank, says;
