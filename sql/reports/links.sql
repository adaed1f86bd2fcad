-- What each link of a sensor brought in the last whole minute and the last hour, and what was lost of it.
--
-- Whole minutes before :until (unix seconds), else before the newest packet or minute of any source; from :since on, where
-- that is later. dropped: by the kernel for want of room, or by the interface. evicted: connections that gave way;
-- discarded: bytes that found no place; rows_left_out: sessions counted without a row of their own. NULL: it is not known.
WITH moment AS (
    SELECT coalesce(:until, max(coalesce((SELECT max(last_us) FROM source), 0) / 1000000,
                                coalesce((SELECT max((SELECT max(begin) FROM seen WHERE seen.source = source.id AND width = 60))
                                          FROM source WHERE run IS NOT NULL), 0))) / 60 * 60 AS s
), minutes AS (
    SELECT name.text AS sensor, source.path AS link, source.last_us, moment.s - seen.begin = 60 AS latest, seen.*
    FROM moment
    JOIN source ON source.run IS NOT NULL
    JOIN seen ON seen.source = source.id AND seen.width = 60 AND seen.begin >= moment.s - 3600 AND seen.begin < moment.s
    LEFT JOIN name ON name.id = source.sensor
    WHERE :since IS NULL OR seen.begin >= :since
)
SELECT link, sensor,
       sum(iif(latest, packets, NULL)) AS packets, sum(iif(latest, bytes, NULL)) AS bytes,
       sum(iif(latest, dropped_kernel + dropped_interface, NULL)) AS dropped,
       sum(packets) AS hour_packets, sum(bytes) AS hour_bytes, sum(dropped_kernel + dropped_interface) AS hour_dropped,
       sum(evicted) AS hour_evicted, sum(discarded) AS hour_discarded, sum(clock_steps) AS hour_clock_steps,
       sum(rows_left_out) AS hour_rows_left_out,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(last_us) / 1000000, 'unixepoch') AS last
FROM minutes
GROUP BY sensor, link
ORDER BY sensor, link;
