-- A balancer in front of a mail server tells it whose connection it passes on: a PROXY header.

ALTER TABLE session ADD COLUMN proxy_client INTEGER REFERENCES endpoint;    -- address only; NULL: no header,
ALTER TABLE session ADD COLUMN proxy_client_port INTEGER;                   -- or one without addresses
ALTER TABLE session ADD COLUMN proxy_server INTEGER REFERENCES endpoint;    -- address and port

ALTER TABLE source ADD COLUMN too_deep INTEGER NOT NULL DEFAULT 0;  -- packets nested deeper than is followed
