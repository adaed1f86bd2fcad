-- The captures of a group from one of them on, in the order in which they were read as one stream; what a sensor read is no capture.
SELECT path, size, ends, first_us, run IS NOT NULL FROM source WHERE grp = ?1 AND id >= ?2 ORDER BY id;
