-- The tenants whose rows a daemon prunes: those it reads, $1, and those that nobody has read for a week, as
-- another daemon with other terms may only be stopped. And the
-- time by which rows are old: Graph's as it was last known here, or the database's if that is earlier. What
-- a clock that is ahead deletes does not come back.
SELECT coalesce(array_agg(DISTINCT tenant_id::text)
		FILTER (WHERE tenant_id = ANY ($1::text[]::uuid[]) OR gone), '{}'),
	CASE WHEN count(clock_at) > 0 THEN least(max(clock_at), now()) END
FROM (
	SELECT tenant_id, clock_at,
		bool_and(coalesce(removed_at < now() - interval '7 days', false)) OVER (PARTITION BY tenant_id) AS gone
	FROM ingest.endpoints
) e
