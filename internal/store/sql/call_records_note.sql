-- Notes the versions whose details were stored, and forgets the failures of
-- records that have no newer one to wait for.
WITH noted AS (
	INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
	SELECT tenant_id, id, details_version, last_modified_at, updated_at
	FROM teams.call_records
	WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
	ORDER BY id
	ON CONFLICT DO NOTHING
)
DELETE FROM ingest.details_retries r
USING teams.call_records c
WHERE r.tenant_id = $1 AND r.call_id = ANY ($2::uuid[])
	AND c.tenant_id = r.tenant_id AND c.id = r.call_id AND NOT c.pending
