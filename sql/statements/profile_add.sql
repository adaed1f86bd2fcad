INSERT INTO tls_profile (version, client_max, server_max, cipher, grp, flags, alpn)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
