-- When the oldest session began, of those with (?1 = 1) or without evidence or an incident.
SELECT first_us FROM session WHERE (evidence <> 0 OR incidents <> 0) = ?1 ORDER BY first_us LIMIT 1;
