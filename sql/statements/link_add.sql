INSERT INTO source (sensor, database, path, grp, analysed_at, mailseal, packets, dropped_kernel, dropped_interface, run)
VALUES (?1, ?2, ?3, (SELECT coalesce(max(id), 0) + 1 FROM source), ?4, ?5, 0, 0, 0, ?6);
