-- What the captures did not show: sessions by what they lack, attempts, packets.
SELECT total(one_sided), total(gap + cut), total(midstream), total(unfinished),
       (SELECT total(n) FROM attempt), total(fragment + truncated + malformed + unknown_link + too_deep),
       total(packets), total(evicted), total(damaged), count(*)
FROM source;
