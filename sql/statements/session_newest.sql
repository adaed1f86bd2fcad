-- The time of the newest packet of all sessions.
SELECT coalesce(max(first_us + lasted_us), 0) FROM session;
