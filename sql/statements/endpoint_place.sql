UPDATE endpoint SET announced = ?2, asn = ?3 WHERE id = ?1;
