-- Minutes that are in their hours now: fold_seen.sql.
DELETE FROM seen
WHERE source IN (SELECT id FROM source WHERE run IS NOT NULL) AND width = 60 AND begin < ?1;
