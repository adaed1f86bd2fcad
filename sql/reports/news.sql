-- The newest sessions that were stripped or raised an incident that is not allowed: 50 of the newest 200,000.
--
-- `session` is the number that `mailseal explain` takes. :since and :until (unix seconds) choose by the first packet.
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch') AS time, session.id AS session, h.word AS hop,
       v.word AS verdict, client.text AS client, server.text AS server, server.port AS port,
       (SELECT group_concat(word, ' ') FROM (SELECT word FROM word
                                             WHERE kind = 'incident' AND incidents >> code & 1 ORDER BY code)) AS incidents
FROM session
JOIN endpoint AS client ON client.id = session.client
JOIN endpoint AS server ON server.id = session.server
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = session.hop
LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = session.verdict
WHERE session.id > (SELECT max(id) FROM session) - 200000
  AND (incidents & ~iif(strip = (SELECT code FROM word WHERE kind = 'strip' AND word = 'allowed'),
                        (SELECT 1 << code FROM word WHERE kind = 'incident' AND word = 'decrypted_mirror'), 0) <> 0
       OR verdict = (SELECT code FROM word WHERE kind = 'verdict' AND word = 'stripped'))
  AND (:since IS NULL OR first_us >= :since * 1000000) AND (:until IS NULL OR first_us < :until * 1000000)
ORDER BY session.id DESC
LIMIT 50;
