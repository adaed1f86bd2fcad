DELETE FROM going_on WHERE session = ?1 AND run <> ?2;
