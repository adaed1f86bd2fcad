SELECT port FROM odd_port ORDER BY port;
