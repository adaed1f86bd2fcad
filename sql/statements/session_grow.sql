-- A session whose connection went on after its row was written.
UPDATE session
SET lasted_us = :lasted_us, marks = :marks, pkts_toserver = :pkts_toserver, pkts_toclient = :pkts_toclient,
    bytes_toserver = :bytes_toserver, bytes_toclient = :bytes_toclient
WHERE id = :id;
