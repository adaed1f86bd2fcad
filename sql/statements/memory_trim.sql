-- Of kind ?1, the newest ?2 stay. Where there are no more of it, they need not be sorted to know that.
DELETE FROM memory
WHERE kind = ?1 AND (SELECT count(*) FROM memory WHERE kind = ?1) > ?2
    AND key NOT IN (SELECT key FROM memory WHERE kind = ?1 ORDER BY last_us DESC, key LIMIT ?2);
