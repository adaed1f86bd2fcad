-- Of kind ?1, the newest ?2 stay.
DELETE FROM memory
WHERE kind = ?1 AND key NOT IN (SELECT key FROM memory WHERE kind = ?1 ORDER BY last_us DESC, key LIMIT ?2);
