-- Only the list of rules may get shorter.
DELETE FROM word WHERE kind = ?1 AND code >= ?2;
