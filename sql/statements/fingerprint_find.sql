SELECT id FROM fingerprint WHERE ja3 = ?1 AND ja4 = ?2;
