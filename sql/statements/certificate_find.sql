SELECT id FROM certificate WHERE sha256 = ?1;
