DELETE FROM peer_month WHERE sessions = 0;
