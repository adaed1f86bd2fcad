-- Who was kept from TLS, or met another incident, on the way to which server: since when, how often, by which evidence.
--
-- One row for each path (client network and server) and what happened on it: `stripping`, all evidence together, or the
-- word of an incident that is none. The strongest come first, of these the newest. The sentence is that of the strongest
-- evidence; where it comes from other sessions, that of the newest session. :grade is the least one of stripping;
-- with it nothing else is listed, but for `none`, with which everything is. Else stripping has to be likely, and
-- other incidents, which have no grade, are listed, too. Stripping on an allowed path, and a decrypted mirror there, is
-- listed with :grade `allowed`, then alone, and with `none`.
-- client is its network where several had it; stripped are sessions with that verdict, the others upgraded
-- nevertheless, or left; secrets and guessable are sessions with such a credential in clear, messages those handed
-- over in clear (IMAP has no such number: mailboxes are its sessions in which one was used in clear).
-- session is the newest, for `mailseal explain`. :since and :until (unix seconds) choose sessions that began in
-- [since, until).
WITH span (least, most, others, allowed) AS (
    SELECT max(w.code, 1), iif(:grade IN ('none', 'allowed'), a.code, a.code - 1), coalesce(:grade, 'none') = 'none', a.code
    FROM word AS w, word AS a
    WHERE w.kind = 'strip' AND w.word = coalesce(:grade, 'likely') AND a.kind = 'strip' AND a.word = 'allowed'
), hit AS MATERIALIZED (
    SELECT s.id, s.first_us, s.first_us + s.lasted_us AS last_us, s.client, s.server, s.protocol, s.hop, s.direction,
           s.verdict, s.strip, s.facts, s.evidence, s.incidents, s.auth_exposure, s.messages_clear,
           -- an IPv4 address begins with ten zeroes and ff ff
           iif(substr(c.address, 1, 12) = x'00000000000000000000ffff', substr(c.address, 1, 15), substr(c.address, 1, 6)) AS network
    FROM session AS s JOIN endpoint AS c ON c.id = s.client
    WHERE (s.evidence <> 0 OR s.incidents <> 0) = 1     -- as in the index session_age
      AND s.first_us >= coalesce(:since, 0) * 1000000 AND s.first_us < coalesce(:until, 32503680000) * 1000000
      AND (:hop IS NULL OR s.hop = (SELECT code FROM word WHERE kind = 'hop' AND word = :hop))
      AND (:direction IS NULL OR s.direction = (SELECT code FROM word WHERE kind = 'direction' AND word = :direction))
), stripping AS MATERIALIZED (
    SELECT hit.* FROM hit, span
    WHERE strip BETWEEN least AND most
), kinds AS (                               -- the newest session of each evidence at its highest grade
    SELECT network, server, e.code, e.word, e.sentence, max((evidence >> 2 * e.code & 3) << 56 | h.id) AS top
    FROM stripping AS h JOIN word AS e ON e.kind = 'evidence' AND evidence >> 2 * e.code & 3
    GROUP BY network, server, e.code
), strongest AS (
    SELECT network, server, list,
           word || ': ' || coalesce(e.words, sentence) || iif(list = word, '', '; also ' || substr(list, length(word) + 2)) AS sentence
    FROM (SELECT k.*, row_number() OVER strong AS n,
                 group_concat(word, ' ') OVER (strong ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS list
          FROM kinds AS k
          WINDOW strong AS (PARTITION BY network, server ORDER BY top >> 56 DESC, code))
    LEFT JOIN evidence AS e ON e.session = top & (1 << 56) - 1 AND e.kind = code
    WHERE n = 1
), happened AS (
    SELECT NULL AS code, strip AS grade, stripping.* FROM stripping
    UNION ALL
    SELECT w.code, NULL, hit.* FROM hit, span, word AS w
    WHERE others AND incidents <> 0 AND w.kind = 'incident' AND incidents >> w.code & 1
      AND NOT (w.word = 'decrypted_mirror' AND strip = span.allowed)
), paths AS (
    SELECT code, network, server, max(id) AS newest, max(protocol) AS protocol, max(hop) AS hop,
           max(direction) AS direction, max(grade) AS grade, min(first_us) AS first_us,
           max(last_us) AS last_us, iif(min(client) = max(client), client, NULL) AS client, count(DISTINCT client) AS clients,
           count(*) AS sessions,
           sum(verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'stripped')) AS stripped,
           sum(auth_exposure = (SELECT code FROM word WHERE kind = 'exposure' AND word = 'secret')) AS secrets,
           sum(auth_exposure = (SELECT code FROM word WHERE kind = 'exposure' AND word = 'guessable')) AS guessable,
           sum(iif(protocol IN (SELECT code FROM word WHERE kind = 'protocol' AND word IN ('smtp', 'lmtp', 'pop3')),
                   messages_clear, 0)) AS messages,
           sum(protocol = (SELECT code FROM word WHERE kind = 'protocol' AND word = 'imap')
               AND facts >> (SELECT code FROM word WHERE kind = 'fact' AND word = 'mail') & 1) AS mailboxes
    FROM happened
    GROUP BY code, network, server
), lower AS (                               -- of a downgrade, what the newest session shows and the server is known for
    SELECT p.code, p.network, p.server,
           printf(': %s, while the client has %s and the server %s; it chose up to %s in %d handshakes that completed',
                  coalesce(v.word, 'an unknown version'), coalesce(c.word, 'an unknown one'), coalesce(h.word, 'an unknown one'),
                  coalesce(k.word, 'none'), x.done) AS words
    FROM paths AS p JOIN word AS i ON i.kind = 'incident' AND i.code = p.code AND i.word = 'tls_downgrade'
    JOIN session AS s ON s.id = p.newest JOIN tls_profile AS t ON t.id = s.tls
    JOIN (SELECT server, sum(upgraded + implicit) AS done, max(tls_high) AS high FROM history_month GROUP BY server) AS x ON x.server = p.server
    LEFT JOIN word AS v ON v.kind = 'tls_version' AND v.code = t.version
    LEFT JOIN word AS c ON c.kind = 'tls_version' AND c.code = t.client_max
    LEFT JOIN word AS h ON h.kind = 'tls_version' AND h.code = t.server_max
    LEFT JOIN word AS k ON k.kind = 'tls_version' AND k.code = x.high
)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_us / 1000000, 'unixepoch') AS last,
       iif(p.code IS NULL, 'stripping', i.word) AS what, g.word AS grade, coalesce(s.list, '') AS evidence,
       coalesce(s.sentence, i.sentence || coalesce(l.words, '')) AS sentence,
       coalesce(c.text, n.text || iif(length(p.network) = 15, '/24', '/48')) AS client, clients,
       n.text || iif(length(p.network) = 15, '/24', '/48') AS network, d.text AS server, d.port,
       protocol.word AS protocol, hop.word AS hop, direction.word AS direction, sessions, stripped,
       coalesce(nullif(substr(iif(secrets, printf(', %d secret%s', secrets, iif(secrets = 1, '', 's')), '')
                              || iif(guessable, printf(', %d guessable', guessable), '')
                              || iif(messages, printf(', %d message%s', messages, iif(messages = 1, '', 's')), '')
                              || iif(mailboxes, printf(', %d mailbox%s', mailboxes, iif(mailboxes = 1, '', 'es')), ''), 3), ''),
                'nothing') AS exposed,
       secrets, guessable, messages, mailboxes, p.newest AS session
FROM paths AS p
JOIN endpoint AS d ON d.id = p.server
LEFT JOIN endpoint AS c ON c.id = p.client
LEFT JOIN endpoint AS n ON n.port = 0 AND n.address = CAST(p.network || zeroblob(16 - length(p.network)) AS BLOB)
LEFT JOIN strongest AS s ON p.code IS NULL AND s.network = p.network AND s.server = p.server
LEFT JOIN word AS i ON i.kind = 'incident' AND i.code = p.code
LEFT JOIN lower AS l ON l.code = p.code AND l.network = p.network AND l.server = p.server
LEFT JOIN word AS g ON g.kind = 'strip' AND g.code = p.grade
LEFT JOIN word AS protocol ON protocol.kind = 'protocol' AND protocol.code = p.protocol
LEFT JOIN word AS hop ON hop.kind = 'hop' AND hop.code = p.hop
LEFT JOIN word AS direction ON direction.kind = 'direction' AND direction.code = p.direction
ORDER BY g.word IS 'allowed', coalesce(p.grade, 0) DESC, p.code, p.last_us DESC, p.network, p.server;
