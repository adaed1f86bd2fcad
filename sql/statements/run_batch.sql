-- What of a run is stored; ?4 when it has ended.
UPDATE run SET batch = max(batch, ?2), complete_us = max(complete_us, ?3), ended = coalesce(?4, ended) WHERE id = ?1;
