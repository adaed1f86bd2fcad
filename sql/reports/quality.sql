-- How good the captures are: what was read of each, and what was lost or could not be read.
--
-- not_decoded are packets of IP that gave no TCP header (fragments, cut or contradictory ones),
-- packets of an unknown link type, and those nested deeper than is followed (too_deep has these
-- alone); not_mail_ip are the ones without IP or TCP, which nobody misses. one_sided, gap, midstream,
-- truncated and unfinished count sessions. loss is the part of sessions with any of these, by `rate`;
-- attempts are connections without payload: both stand in the row `all` only. :since and :until (unix
-- seconds) choose the sources with packets in that time, and the hours that begin in [since, until).
WITH span (since, until) AS (
    SELECT coalesce(:since, 0), coalesce(:until, 32503680000)
), whole (since, until) AS (                -- whole days are read from rate_day,
    SELECT (since + 86399) / 86400 * 86400, until / 86400 * 86400 FROM span
), part (since, until) AS (                 -- the hours before and behind them from rate
    SELECT span.since, min(span.until, whole.since) FROM span, whole
    UNION ALL
    SELECT whole.until, span.until FROM span, whole WHERE whole.until >= whole.since
), hours AS (
    SELECT day AS hour, loss, sessions
    FROM rate_day, whole WHERE day >= since AND day < until
    UNION ALL
    SELECT hour, loss, sessions
    FROM part CROSS JOIN (SELECT DISTINCT sensor, database FROM rate_day) AS o CROSS JOIN rate AS r
    WHERE r.sensor = o.sensor AND r.database = o.database AND hour >= since AND hour < until
), lossy AS (
    SELECT sum(iif(loss, sessions, 0)) AS lost, sum(sessions) AS sessions FROM hours
), some AS (
    SELECT * FROM source
    WHERE (:since IS NULL OR last_us >= :since * 1000000) AND (:until IS NULL OR first_us < :until * 1000000)
), tries AS (
    SELECT sum(n) AS n FROM attempt
    WHERE (:since IS NULL OR hour >= :since) AND (:until IS NULL OR hour < :until)
), rows AS (
    SELECT 0 AS id, 'all' AS source, 'all' AS sensor,
           iif(total(damaged), printf('%d damaged', sum(damaged)), 'whole') AS status,
           min(first_us) AS first_us, max(last_us) AS last_us, sum(packets) AS packets, sum(tcp) AS tcp,
           sum(not_ip + not_tcp) AS not_mail_ip,
           sum(fragment + truncated + malformed + unknown_link + too_deep) AS not_decoded,
           sum(too_deep) AS too_deep,
           sum(dropped_kernel) AS dropped_kernel, sum(dropped_interface) AS dropped_interface,
           sum(sessions) AS sessions, sum(one_sided) AS one_sided, sum(gap) AS gap,
           sum(midstream) AS midstream, sum(cut) AS truncated, sum(overlap) AS overlap,
           sum(unfinished) AS unfinished, sum(evicted) AS evicted, sum(discarded) AS discarded,
           (SELECT round(CAST(lost AS REAL) / sessions, 6) FROM lossy) AS loss,
           (SELECT coalesce(n, 0) FROM tries) AS attempts
    FROM some HAVING count(*)
    UNION ALL
    SELECT some.id, path, name.text, iif(damaged, 'damaged: ' || error, 'whole'), first_us, last_us,
           packets, tcp, not_ip + not_tcp, fragment + truncated + malformed + unknown_link + too_deep, too_deep,
           dropped_kernel, dropped_interface, sessions, one_sided, gap, midstream, cut, overlap,
           unfinished, evicted, discarded, NULL, NULL
    FROM some LEFT JOIN name ON name.id = some.sensor
)
SELECT source, sensor, status,
       strftime('%Y-%m-%dT%H:%M:%SZ', first_us / 1000000, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_us / 1000000, 'unixepoch') AS last,
       packets, tcp, not_mail_ip, not_decoded, too_deep, dropped_kernel, dropped_interface, sessions,
       one_sided, gap, midstream, truncated, overlap, unfinished, evicted, discarded, loss, attempts
FROM rows
ORDER BY id;
