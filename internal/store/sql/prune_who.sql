-- The tenants whose rows a daemon prunes: those it reads, $1, and those that nobody reads any more. And the
-- time by which rows are old: Graph's as it was last known here, or the database's if that is earlier. What
-- a clock that is ahead deletes does not come back.
SELECT coalesce(array_agg(DISTINCT tenant_id::text)
		FILTER (WHERE tenant_id = ANY ($1::text[]::uuid[]) OR gone), '{}'),
	CASE WHEN count(clock_at) > 0 THEN least(max(clock_at), now()) END
FROM (
	SELECT tenant_id, clock_at, bool_and(removed_at IS NOT NULL) OVER (PARTITION BY tenant_id) AS gone
	FROM ingest.endpoints
) e
