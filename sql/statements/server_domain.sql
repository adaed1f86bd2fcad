-- A server of which no session is left keeps what was known of it.
UPDATE endpoint SET domain = d.domain
FROM temp.server_domain AS d
WHERE d.server = endpoint.id AND endpoint.domain IS NOT d.domain;
