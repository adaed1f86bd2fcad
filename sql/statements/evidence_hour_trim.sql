DELETE FROM evidence_hour WHERE sessions = 0;
