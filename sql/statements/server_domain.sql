-- A server of which no session is left keeps what was known of it: what sessions asked for is not given up for what it
-- calls itself.
UPDATE endpoint SET domain = d.domain, domain_source = d.source
FROM temp.server_domain AS d
WHERE d.server = endpoint.id AND (endpoint.domain IS NOT d.domain OR endpoint.domain_source IS NOT d.source)
  AND NOT (endpoint.domain_source IS 'sni' AND d.source <> 'sni');
