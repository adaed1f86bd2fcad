-- Whether the view stands there as it should.
SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?1 AND sql = ?2;
