-- Of each server the domain that most of its sessions named (SNI); where none did, that of most names that it calls itself,
-- its greeting's before those of answers to EHLO. Of two as many the first by the alphabet.
CREATE TEMP TABLE IF NOT EXISTS server_domain AS
WITH seen AS (
    SELECT s.server, n.domain, -1 AS source, count(*) AS times
    FROM session AS s JOIN name AS n ON n.id = s.sni
    WHERE n.domain IS NOT NULL
    GROUP BY s.server, n.domain
    UNION ALL
    SELECT s.server, n.domain, s.source, count(*)
    FROM server_name AS s JOIN name AS n ON n.id = s.name
    WHERE n.domain IS NOT NULL
    GROUP BY s.server, n.domain, s.source
)
SELECT server, domain, coalesce(w.word, 'sni') AS source
FROM (SELECT *, row_number() OVER (PARTITION BY server ORDER BY source, times DESC, domain) AS place FROM seen) AS s
LEFT JOIN word AS w ON w.kind = 'name_source' AND w.code = s.source
WHERE place = 1;
