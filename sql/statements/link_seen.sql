-- What a link brought, beside what it brought before.
UPDATE source SET
    link_type = coalesce(link_type, :link_type), first_us = coalesce(first_us, :first_us), last_us = coalesce(max(last_us, :last_us), last_us, :last_us),
    packets = packets + :packets, tcp = tcp + :tcp, not_ip = not_ip + :not_ip, not_tcp = not_tcp + :not_tcp,
    fragment = fragment + :fragment, truncated = truncated + :truncated, malformed = malformed + :malformed,
    unknown_link = unknown_link + :unknown_link, too_deep = too_deep + :too_deep,
    evicted = evicted + :evicted, discarded = discarded + :discarded,
    dropped_kernel = dropped_kernel + :dropped_kernel, dropped_interface = dropped_interface + :dropped_interface
WHERE id = :id;
