-- The keys of a month.
SELECT month, server, network, list FROM history_month WHERE sensor = ?1 AND database = ?2 AND month = ?3 LIMIT ?4;
