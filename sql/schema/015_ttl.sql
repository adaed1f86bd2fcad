-- From how far a session's words came: TTL or hop limit as it arrived. NULL: not seen, or stored before this was.
ALTER TABLE session ADD COLUMN server_ttl INTEGER;     -- of what the server says
ALTER TABLE session ADD COLUMN forged_ttl INTEGER;     -- of the segment that is evidence forged_reply
