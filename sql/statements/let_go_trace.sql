-- Of the ?3 oldest sessions that began before ?2, of those with (?1 = 1) or without evidence or an incident.
DELETE FROM trace WHERE session IN (
    SELECT id FROM session WHERE (evidence <> 0 OR incidents <> 0) = ?1 AND first_us < ?2 ORDER BY first_us, id LIMIT ?3);
