DELETE FROM peer_day WHERE sessions = 0;
