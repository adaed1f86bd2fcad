DELETE FROM rate_day WHERE sessions = 0;
