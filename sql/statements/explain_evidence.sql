-- Of one session, :id its number: why its evidence that comes from other sessions is there.
SELECT kind, words FROM evidence WHERE session = :id;
