-- What transactions are counted in, empty if not known, and a digest of all lists of schema ref but the calendars,
-- which only grow.
SELECT
	coalesce(ingest.feed_epoch(), ''),
	(
		SELECT md5(string_agg(relname || ' ' || rollup.digest(oid), ' ' ORDER BY relname COLLATE "C"))
		FROM pg_class
		WHERE relnamespace = 'ref'::regnamespace AND relkind = 'r' AND relname NOT IN ('days', 'hours')
	)
