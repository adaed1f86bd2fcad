-- Which server ports mail goes through, and how much of it is still in clear on each.
--
-- exposed = stripped + clear_auth + clear; share = encrypted / decided. The hops of the headline, internal
-- sessions only where :direction asks for them; port 0 stands for odd ports beyond the first 64.
-- :since and :until (unix seconds) choose the hours that begin in [since, until).
SELECT hop, server_port AS port, sum(encrypted) AS encrypted, sum(decided) - sum(encrypted) AS exposed,
       sum(decided) AS decided, round(CAST(sum(encrypted) AS REAL) / sum(decided), 6) AS share
FROM tallies
WHERE decided > 0 AND (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
  AND iif(:hop IS NULL, hop IN ('relay', 'submission', 'retrieval'), hop = :hop)
  AND iif(:direction IS NULL, direction <> 'internal', direction = :direction)
GROUP BY hop, server_port
ORDER BY (SELECT code FROM word WHERE kind = 'hop' AND word = hop), sum(decided) DESC, server_port;
