-- How one session, :id its number, was judged again: when, from what to what, and why; the last of them.
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', r.at_us / 1000000, 'unixepoch'),
       coalesce((SELECT word FROM word WHERE kind = 'verdict' AND code = r.was_verdict), '?'),
       coalesce((SELECT word FROM word WHERE kind = 'verdict' AND code = r.is_verdict), '?'),
       coalesce((SELECT word FROM word WHERE kind = 'strip' AND code = r.was_strip), '?'),
       coalesce((SELECT word FROM word WHERE kind = 'strip' AND code = r.is_strip), '?'),
       r.why
FROM rejudged AS r
WHERE r.session = :id
ORDER BY r.id DESC LIMIT 8;
