DELETE FROM certificate_day WHERE sessions = 0;
