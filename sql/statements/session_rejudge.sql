UPDATE session SET verdict = ?2, rule = ?3, hop = ?4, strip = ?5 WHERE id = ?1;
