-- Minutes before ?1, the beginning of an hour, become those of their hours.
INSERT INTO seen (source, width, begin, packets, bytes, tcp, dropped_kernel, dropped_interface, evicted, discarded,
                  clock_steps, rows_left_out)
SELECT source, 3600, begin / 3600 * 3600 AS hour, sum(packets), sum(bytes), sum(tcp), sum(dropped_kernel), sum(dropped_interface),
       sum(evicted), sum(discarded), sum(clock_steps), sum(rows_left_out)
FROM seen
WHERE source IN (SELECT id FROM source WHERE run IS NOT NULL) AND width = 60 AND begin < ?1
GROUP BY source, hour
ON CONFLICT DO UPDATE SET
    packets = packets + excluded.packets,
    bytes = bytes + excluded.bytes,
    tcp = tcp + excluded.tcp,
    dropped_kernel = dropped_kernel + excluded.dropped_kernel,
    dropped_interface = dropped_interface + excluded.dropped_interface,
    evicted = evicted + excluded.evicted,
    discarded = discarded + excluded.discarded,
    clock_steps = clock_steps + excluded.clock_steps,
    rows_left_out = rows_left_out + excluded.rows_left_out;
