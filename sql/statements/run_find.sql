-- The run with this identity, and what is known of it.
SELECT id, batch FROM run WHERE identity = ?1;
