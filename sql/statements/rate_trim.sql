DELETE FROM rate WHERE sessions = 0;
