-- ?1 to ?3 decide nothing; gathered: the source, then what its sessions add.
UPDATE source SET
    sessions = sessions + n1, one_sided = one_sided + n2, gap = gap + n3, midstream = midstream + n4,
    cut = cut + n5, overlap = overlap + n6, unfinished = unfinished + n7
FROM gathered()
WHERE id = n0 AND coalesce(?1, ?2, ?3) IS NOT NULL;
