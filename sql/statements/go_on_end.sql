-- A session has come to its end; what its row had from earlier runs.
DELETE FROM going_on WHERE run = ?1 AND number = ?2
RETURNING pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient;
