INSERT INTO database (number, identity, created, addresses, key_mark) VALUES (1, ?1, ?2, ?3, ?4);
