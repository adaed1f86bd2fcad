DELETE FROM server WHERE sessions = 0;
