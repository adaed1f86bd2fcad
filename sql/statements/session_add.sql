INSERT INTO session (
    id, sensor, database, source, first_us, lasted_us, client, client_port, server,
    protocol, hop, direction, verdict, rule, stage, strip, facts, evidence, incidents, marks, flags,
    tls, sni, starttls_reply, auth_offered, auth_others, auth_command, auth_mechanism, auth_named,
    auth_exposure, messages_clear, pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient,
    vlan, tunnel, community, proxy_client, proxy_client_port, proxy_server, certificate, fingerprint,
    server_ttl, forged_ttl, client_name)
VALUES (
    :id, :sensor, :database, :source, :first_us, :lasted_us, :client, :client_port, :server,
    :protocol, :hop, :direction, :verdict, :rule, :stage, :strip, :facts, :evidence, :incidents, :marks,
    :flags, :tls, :sni, :starttls_reply, :auth_offered, :auth_others, :auth_command, :auth_mechanism,
    :auth_named, :auth_exposure, :messages_clear, :pkts_toserver, :pkts_toclient, :bytes_toserver,
    :bytes_toclient, :vlan, :tunnel, :community, :proxy_client, :proxy_client_port, :proxy_server, :certificate,
    :fingerprint, :server_ttl, :forged_ttl, :client_name);
