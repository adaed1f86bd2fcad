-- The source that is a link of a run.
SELECT id FROM source WHERE run = ?1 AND path = ?2 ORDER BY id LIMIT 1;
