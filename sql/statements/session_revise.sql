UPDATE session SET verdict = ?2, rule = ?3, strip = ?4, evidence = ?5 WHERE id = ?1;
