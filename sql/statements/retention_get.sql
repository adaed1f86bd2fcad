-- Up to when what has gone, and by which clock.
SELECT clock_us, leapt_us, before_us, marked_before_us, folded FROM retention;
