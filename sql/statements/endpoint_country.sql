UPDATE endpoint SET country = ?2 WHERE id = ?1;
