-- Of each server the domain that most of its sessions named; of two as many the first by the alphabet.
CREATE TEMP TABLE IF NOT EXISTS server_domain AS
WITH seen AS (
    SELECT s.server, n.domain, count(*) AS sessions
    FROM session AS s JOIN name AS n ON n.id = s.sni
    WHERE n.domain IS NOT NULL
    GROUP BY s.server, n.domain
)
SELECT server, domain
FROM (SELECT server, domain, row_number() OVER (PARTITION BY server ORDER BY sessions DESC, domain) AS place FROM seen)
WHERE place = 1;
