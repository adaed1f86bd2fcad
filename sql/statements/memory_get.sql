-- The newest ?2 entries of kind ?1 that are no longer than ?3, the oldest of them first.
SELECT key, entry
FROM (SELECT key, last_us, entry FROM memory
      WHERE kind = ?1 AND length(key) + length(entry) <= ?3 ORDER BY last_us DESC, key LIMIT ?2)
ORDER BY last_us, key DESC;
