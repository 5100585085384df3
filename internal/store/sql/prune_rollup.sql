-- Deletes the oldest day before $2 of a rollup, of tenants $1.
DELETE FROM {rollup}
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND day = (
	SELECT min(day)
	FROM {rollup}
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND day < $2::date
)
