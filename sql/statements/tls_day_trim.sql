DELETE FROM tls_day WHERE sessions = 0;
