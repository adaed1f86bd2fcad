-- Whether more was taken away than there was.
SELECT EXISTS (SELECT 1 FROM rate WHERE sessions < 0) OR EXISTS (SELECT 1 FROM rate_day WHERE sessions < 0)
    OR EXISTS (SELECT 1 FROM peer_day WHERE sessions < 0) OR EXISTS (SELECT 1 FROM peer_month WHERE sessions < 0)
    OR EXISTS (SELECT 1 FROM tls_day WHERE sessions < 0) OR EXISTS (SELECT 1 FROM certificate_day WHERE sessions < 0)
    OR EXISTS (SELECT 1 FROM client_day WHERE sessions < 0) OR EXISTS (SELECT 1 FROM client_name_day WHERE sessions < 0)
    OR EXISTS (SELECT 1 FROM evidence_hour WHERE sessions < 0) OR EXISTS (SELECT 1 FROM server WHERE sessions < 0)
    OR EXISTS (SELECT 1 FROM history_month WHERE sessions < 0);
