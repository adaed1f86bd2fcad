-- The time of the newest packet.
SELECT max(last_us) FROM source;
