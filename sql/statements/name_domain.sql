UPDATE name SET domain = ?2 WHERE id = ?1;
