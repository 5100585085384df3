-- Notes that rows of endpoint $2 before $3 may be deleted, of tenants $1, and that no figures are computed
-- from them any more. Neither time moves back.
WITH marked AS (
	UPDATE ingest.endpoints
	SET {kept_from} = greatest({kept_from}, $3::timestamptz)
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2
)
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, $2, $3
FROM unnest($1::text[]) AS t
ORDER BY t
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before
