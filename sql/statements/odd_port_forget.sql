-- Ports that are given a place of their own again when the sessions are counted through. Those of
-- sessions long deleted stay.
DELETE FROM odd_port WHERE port IN (
    SELECT e.port FROM session AS s JOIN endpoint AS e ON e.id = s.server
    WHERE s.verdict <> (SELECT code FROM word WHERE kind = 'verdict' AND word = 'other'));
