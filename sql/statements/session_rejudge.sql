UPDATE session SET verdict = ?2, rule = ?3, hop = ?4, strip = ?5, facts = ?6 WHERE id = ?1;
