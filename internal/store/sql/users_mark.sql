-- How far users were refreshed from this endpoint, and how far they can be: a
-- transaction before the second is over, and all its rows can be seen.
SELECT coalesce((SELECT xid FROM ingest.marks WHERE tenant_id = $1 AND endpoint = $2 AND name = 'users'), '0')::text,
	ingest.feed_horizon()::text
