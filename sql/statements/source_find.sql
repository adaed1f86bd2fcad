-- The source of this size and these ends; where packets are given, with these packets and times.
SELECT id FROM source
WHERE size = ?1 AND ends = ?2
  AND (?3 IS NULL OR (packets = ?3 AND first_us IS ?4 AND last_us IS ?5))
ORDER BY id LIMIT 1;
