SELECT count(*) FROM server_name WHERE server = ?1;
