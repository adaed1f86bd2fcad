-- Which kinds of clients lag behind, by what they call themselves, and how much of their mail was encrypted.
--
-- client is a kind, never a name: a program by its IMAP ID or by an EHLO name that only it gives, else the shape of its
-- EHLO name; doc/measurement.md lists them. Programs can say what they like, and their habits change. `none seen` are
-- sessions of which no kind is known: nothing was said in clear (implicit TLS, POP3, an upgrade before IMAP's ID; of
-- these JA4 says more, report `families`), it was blanked or lost, or the session was stored before mailseal looked at
-- this. exposed = stripped + clear_auth + clear, failed are those of which TLS failed; share = encrypted / (encrypted +
-- exposed); says is the kind in words. Internal sessions only where :direction asks for them. :since and :until (unix
-- seconds) choose the days that begin in [since, until).
WITH sums AS (
    SELECT direction, hop, client_name, verdict, sum(sessions) AS sessions
    FROM client_name_day
    WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day < :until)
    GROUP BY direction, hop, client_name, verdict
), named AS (
    SELECT h.word AS hop, client_name, v.word AS verdict, sessions
    FROM sums AS s
    JOIN word AS v ON v.kind = 'verdict' AND v.code = s.verdict
    JOIN word AS h ON h.kind = 'hop' AND h.code = s.hop AND (:hop IS NULL OR h.word = :hop)
    JOIN word AS d ON d.kind = 'direction' AND d.code = s.direction
                  AND iif(:direction IS NULL, d.word <> 'internal', d.word = :direction)
), answer AS (
    SELECT hop, client_name, sum(sessions) AS sessions,
           sum(iif(verdict IN ('implicit_tls', 'starttls'), sessions, 0)) AS encrypted,
           sum(iif(verdict IN ('stripped', 'clear_auth', 'clear'), sessions, 0)) AS exposed,
           sum(iif(verdict = 'tls_failed', sessions, 0)) AS failed
    FROM named GROUP BY hop, client_name
)
SELECT hop, coalesce(w.word, 'none seen') AS client, sessions, encrypted, exposed, failed,
       round(CAST(encrypted AS REAL) / (encrypted + exposed), 6) AS share,
       w.sentence AS says
FROM answer AS a LEFT JOIN word AS w ON w.kind = 'client_name' AND w.code = a.client_name
ORDER BY exposed + failed DESC, sessions DESC, hop, client_name;
