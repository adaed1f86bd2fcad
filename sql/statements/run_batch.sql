-- What of a run is stored; ?4 when it has ended. A clock that was set back takes back what was complete.
UPDATE run SET batch = max(batch, ?2), complete_us = coalesce(nullif(?3, 0), complete_us), ended = coalesce(?4, ended) WHERE id = ?1;
