-- Tables whose rows a subscriber would know by other columns than those of the primary key.
SELECT relname::text
FROM pg_class
WHERE relnamespace = 'teams'::regnamespace AND relkind IN ('r', 'p') AND relreplident <> 'd'
