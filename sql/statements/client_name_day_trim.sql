DELETE FROM client_name_day WHERE sessions = 0;
