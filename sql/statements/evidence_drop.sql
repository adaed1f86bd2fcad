DELETE FROM evidence WHERE session = ?1 AND kind = ?2;
