-- Hours before are those of their days.
SELECT folded FROM retention;
