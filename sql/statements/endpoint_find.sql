SELECT id FROM endpoint WHERE address = ?1 AND port = ?2;
