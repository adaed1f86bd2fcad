-- What each mail server offers, and what its clients make of it.
--
-- lists are sessions in which a whole list of capabilities was seen, offered those with STARTTLS
-- in them; upgraded and implicit are encrypted; exposed sessions showed a credential in clear,
-- invited ones were asked for secrets in clear. :since and :until (unix seconds) keep the
-- servers that were seen in that time; the numbers are those of all the time.
WITH sums AS (
    SELECT endpoint, protocol, min(first_us) AS first_us, max(last_us) AS last_us,
           sum(sessions) AS sessions, sum(lists) AS lists, sum(offered) AS offered,
           sum(requested) AS requested, sum(accepted) AS accepted, sum(upgraded) AS upgraded,
           sum(implicit) AS implicit, sum(stripped) AS stripped, sum(clear) AS clear,
           sum(failed) AS failed, sum(exposed) AS exposed, sum(invited) AS invited, sum(pq) AS pq,
           min(tls_low) AS tls_low, max(tls_high) AS tls_high
    FROM server
    GROUP BY endpoint, protocol
)
SELECT e.text AS server, e.port, p.word AS protocol,
       strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_us / 1000000, 'unixepoch') AS last,
       sessions, lists, offered, requested, accepted, upgraded, implicit, stripped, clear, failed,
       exposed, invited, low.word AS tls_low, high.word AS tls_high, pq
FROM sums
JOIN endpoint AS e ON e.id = endpoint
LEFT JOIN word AS p ON p.kind = 'protocol' AND p.code = protocol
LEFT JOIN word AS low ON low.kind = 'tls_version' AND low.code = tls_low
LEFT JOIN word AS high ON high.kind = 'tls_version' AND high.code = tls_high
WHERE (:since IS NULL OR last_us >= :since * 1000000) AND (:until IS NULL OR first_us < :until * 1000000)
ORDER BY sessions DESC, e.address, e.port, p.word;
