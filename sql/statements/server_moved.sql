INSERT OR IGNORE INTO temp.moved VALUES (?1, ?2, ?3, ?4);
