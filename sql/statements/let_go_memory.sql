-- What is remembered of servers and clients that were not seen since ?1.
DELETE FROM memory WHERE last_us < ?1;
