-- ?1 to ?3 are not used; ?4 the source; then what its sessions add.
UPDATE source SET
    sessions = sessions + ?5, one_sided = one_sided + ?6, gap = gap + ?7, midstream = midstream + ?8,
    cut = cut + ?9, overlap = overlap + ?10, unfinished = unfinished + ?11
WHERE id = ?4;
