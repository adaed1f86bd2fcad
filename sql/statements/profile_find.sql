SELECT id FROM tls_profile
WHERE version = ?1 AND client_max = ?2 AND server_max = ?3 AND cipher = ?4 AND grp = ?5
  AND flags = ?6 AND alpn = ?7;
