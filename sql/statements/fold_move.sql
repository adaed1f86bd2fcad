-- Figures have been folded, under the revision that follows: see fold_rate.sql.
UPDATE database SET revision = revision + 1;
