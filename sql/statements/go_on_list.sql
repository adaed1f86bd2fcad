-- What of a run goes on.
SELECT number, session FROM going_on WHERE run = ?1;
