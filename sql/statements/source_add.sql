-- A group has the number of its first source, which is this one where none is given.
INSERT INTO source (sensor, database, path, grp, analysed_at, mailseal)
VALUES (?1, ?2, ?3, coalesce(?4, (SELECT coalesce(max(id), 0) + 1 FROM source)), ?5, ?6);
