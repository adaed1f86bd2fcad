INSERT OR REPLACE INTO going_on (run, number, session, pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
