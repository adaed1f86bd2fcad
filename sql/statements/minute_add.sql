INSERT INTO seen (source, width, begin, packets, bytes, tcp, dropped_kernel, dropped_interface, evicted, discarded,
                  clock_steps, rows_left_out)
VALUES (?1, 60, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
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
