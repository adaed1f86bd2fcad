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
-- bytes) as they are stored; :since and :until (unix seconds) choose sessions that began in [since, until).
WITH hit AS MATERIALIZED (
    SELECT s.id, s.first_us, s.server, s.facts, s.evidence, s.server_ttl, s.forged_ttl,
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
), paths AS MATERIALIZED (
    SELECT network, server, d.address, d.port, count(*) AS sessions, min(first_us) AS first_us, max(first_us) AS last_us,
           max(hit.id) AS session, min(server_ttl) AS ttl, max(server_ttl) AS highest_ttl
    FROM hit JOIN endpoint AS d ON d.id = server
    GROUP BY network, server
), bound AS (
    SELECT min(first_us) - 3600000000 AS since, max(last_us) + 3600000000 AS until FROM paths
), around AS MATERIALIZED (
    SELECT * FROM (
        SELECT s.first_us, s.server, d.address, d.port, s.strip, s.server_ttl,
               s.facts >> (SELECT code FROM word WHERE kind = 'fact' AND word = 'offered') & 1
               OR s.verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'starttls') AS offered,
               iif(substr(c.address, 1, 12) = x'00000000000000000000ffff', substr(c.address, 1, 15), substr(c.address, 1, 6)) AS network
        FROM session AS s JOIN endpoint AS c ON c.id = s.client JOIN endpoint AS d ON d.id = s.server
        WHERE (s.evidence <> 0 OR s.incidents <> 0) IN (0, 1)   -- all, in the order of the index session_age
          AND s.first_us BETWEEN (SELECT since FROM bound) AND (SELECT until FROM bound))
    WHERE (strip = 0 AND offered OR strip BETWEEN 2 AND 3) -- likely and proven, whatever was asked for: what is only possible tells no place
      AND (server IN (SELECT server FROM paths) OR network IN (SELECT network FROM paths))
), near AS MATERIALIZED (
    SELECT p.network, p.server, a.network AS whose, a.server AS whither, strip = 0 AS free, a.server_ttl,
           CASE WHEN a.network <> p.network THEN 'other clients'
                WHEN strip = 0 AND a.first_us BETWEEN p.first_us AND p.last_us THEN 'these clients' END AS about
    FROM paths AS p JOIN around AS a ON a.server = p.server AND a.first_us BETWEEN p.first_us - 3600000000 AND p.last_us + 3600000000
    UNION ALL
    SELECT p.network, p.server, a.network, a.server, strip = 0, a.server_ttl,
           iif(a.address = p.address, 'other ports', 'other servers')
    FROM paths AS p JOIN around AS a ON a.network = p.network AND a.first_us BETWEEN p.first_us - 3600000000 AND p.last_us + 3600000000
    WHERE iif(a.address = p.address, a.port <> p.port, a.port = p.port)
), compared AS MATERIALIZED (
    SELECT network, server, about, sum(free) AS free, sum(NOT free) AS stripped, count(DISTINCT whose) AS networks,
           count(DISTINCT whither) AS servers
    FROM near WHERE about IS NOT NULL
    GROUP BY network, server, about
), states AS MATERIALIZED (
    SELECT p.*, CASE WHEN c.free AND c.stripped THEN 'mixed' WHEN c.free THEN 'free' WHEN c.stripped THEN 'hit' ELSE 'not known' END AS clients,
           CASE WHEN s.free AND s.stripped THEN 'mixed' WHEN s.free THEN 'free' WHEN s.stripped THEN 'hit' ELSE 'not known' END AS servers,
           own.free AS own
    FROM paths AS p
    LEFT JOIN compared AS own ON own.network = p.network AND own.server = p.server AND own.about = 'these clients'
    LEFT JOIN compared AS c ON c.network = p.network AND c.server = p.server AND c.about = 'other clients'
    LEFT JOIN compared AS s ON s.network = p.network AND s.server = p.server AND s.about = 'other servers'
), found AS MATERIALIZED (                 -- where these clients are hit now and then only, that others are not tells nothing
    SELECT *, iif(own AND clients = 'free', 'mixed', clients) || ', ' || servers AS ends FROM states
), distances AS (                           -- of all that is said on stripped connections, and on others with the server
    SELECT p.network, p.server, p.ttl, min(n.server_ttl) AS usual, count(n.server_ttl) AS n
    FROM paths AS p JOIN near AS n ON n.network = p.network AND n.server = p.server AND n.whither = p.server AND n.free
    WHERE p.ttl = p.highest_ttl
    GROUP BY p.network, p.server
    HAVING n >= 3 AND min(n.server_ttl) = max(n.server_ttl)
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
    SELECT p.session, d.network, d.server, 32, NULL, 'full proxy',
           printf('all that the server says came with TTL %d, and with %d in %d sessions that had the offer: somebody else holds these connections, a proxy that is both ends, if it is not another host of this address, or another way to it',
                  d.ttl, d.usual, d.n)
    FROM distances AS d JOIN paths AS p ON p.network = d.network AND p.server = d.server
    WHERE d.ttl <> d.usual
    UNION ALL
    SELECT p.session, d.network, d.server, 33, NULL, 'no full proxy',
           printf('all that the server says came with TTL %d, as in %d sessions that had the offer: its connections were hardly held by somebody else', d.ttl, d.n)
    FROM distances AS d JOIN paths AS p ON p.network = d.network AND p.server = d.server
    WHERE d.ttl = d.usual
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
    FROM states WHERE own
    UNION ALL
    SELECT p.network, p.server, 3, 0, 'other clients', p.clients,
           iif(p.clients = 'not known', 'only one client network was seen with this server',
               printf('%d session%s of %d other network%s with this server: %d had the offer, %d stripped', c.free + c.stripped, iif(c.free + c.stripped = 1, '', 's'),
                      c.networks, iif(c.networks = 1, '', 's'), c.free, c.stripped)), NULL, p.session
    FROM states AS p LEFT JOIN compared AS c ON c.network = p.network AND c.server = p.server AND c.about = 'other clients'
    UNION ALL
    SELECT p.network, p.server, 4, 0, 'other servers', p.servers,
           iif(p.servers = 'not known', printf('no other server was seen with these clients on port %d', p.port),
               printf('%d session%s of these clients with %d other server%s on port %d: %d had the offer, %d stripped', c.free + c.stripped,
                      iif(c.free + c.stripped = 1, '', 's'), c.servers, iif(c.servers = 1, '', 's'), p.port, c.free, c.stripped)), NULL, p.session
    FROM states AS p LEFT JOIN compared AS c ON c.network = p.network AND c.server = p.server AND c.about = 'other servers'
    UNION ALL
    SELECT p.network, p.server, 5, 0, 'other ports', CASE WHEN c.free AND c.stripped THEN 'mixed' WHEN c.free THEN 'free' ELSE 'hit' END,
           printf('%d session%s of these clients with other ports of this server: %d had the offer, %d stripped', c.free + c.stripped,
                  iif(c.free + c.stripped = 1, '', 's'), c.free, c.stripped), NULL, p.session
    FROM states AS p JOIN compared AS c ON c.network = p.network AND c.server = p.server AND c.about = 'other ports'
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
