UPDATE source SET
    size = :size, ends = :ends, packets = :packets, first_us = :first_us, last_us = :last_us,
    link_type = :link_type,
    tcp = :tcp, not_ip = :not_ip, not_tcp = :not_tcp, fragment = :fragment, truncated = :truncated,
    malformed = :malformed, unknown_link = :unknown_link, too_deep = :too_deep,
    evicted = :evicted, discarded = :discarded,
    damaged = :error IS NOT NULL, error = :error
WHERE id = :id;
