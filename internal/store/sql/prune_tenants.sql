-- Of tenants $1 those whose rows of endpoint $2 before $3 can be deleted now, how many others, and from when
-- on there may be any, with an hour for what was being stored. Rows wait while figures are to be computed of
-- days that read such rows, as they never are once some are gone. A day reads rows of the days beside it.
SELECT coalesce(array_agg(tenant ORDER BY tenant) FILTER (WHERE ready), '{}'), count(*) FILTER (WHERE NOT ready),
	coalesce(min(begins) FILTER (WHERE ready), '-infinity')
FROM (
	SELECT e.tenant_id::text AS tenant, {begins} - interval '1 hour' AS begins, NOT EXISTS (
		SELECT 1 FROM rollup.stale s
		WHERE s.tenant_id = e.tenant_id AND s.at < $3::timestamptz + interval '3 days'
	) AS ready
	FROM ingest.endpoints e
	WHERE e.tenant_id = ANY ($1::text[]::uuid[]) AND e.endpoint = $2
) t
