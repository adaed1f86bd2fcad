INSERT INTO database (number, identity, created, addresses) VALUES (1, ?1, ?2, ?3);
