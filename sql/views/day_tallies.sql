-- The words of section 6 of doc/measurement.md, once for those that read days: each row of `rate_day` split
-- into what it counts for. `undecided` is what the two bounds of the share are made of.
DROP VIEW IF EXISTS day_tallies;
CREATE VIEW day_tallies AS
SELECT r.day,                              -- unix seconds
       d.word AS direction,
       h.word AS hop,
       v.word AS verdict,
       r.server_port,
       iif(v.word IN ('implicit_tls', 'starttls'), r.sessions, 0) AS encrypted,
       iif(v.word IN ('implicit_tls', 'starttls', 'stripped', 'clear_auth', 'clear'), r.sessions, 0)
           AS decided,
       iif(v.word = 'tls_failed' OR (v.word = 'incomplete' AND r.loss), r.sessions, 0) AS undecided,
       iif(v.word = 'incomplete' AND r.loss, r.sessions, 0) AS lost,
       iif(v.word <> 'other', r.sessions, 0) AS mail,
       r.sessions,
       r.bytes,
       r.messages_clear,
       g.word AS strip
FROM rate_day AS r
LEFT JOIN word AS d ON d.kind = 'direction' AND d.code = r.direction
LEFT JOIN word AS h ON h.kind = 'hop' AND h.code = r.hop
LEFT JOIN word AS v ON v.kind = 'verdict' AND v.code = r.verdict
LEFT JOIN word AS g ON g.kind = 'strip' AND g.code = r.strip;
