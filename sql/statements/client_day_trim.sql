DELETE FROM client_day WHERE sessions = 0;
