-- Figures have changed.
UPDATE database SET revision = ?1, last_session = ?2;
