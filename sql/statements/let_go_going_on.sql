-- Connections that go on, of sessions that have gone.
DELETE FROM going_on WHERE NOT EXISTS (SELECT 1 FROM session WHERE session.id = going_on.session);
