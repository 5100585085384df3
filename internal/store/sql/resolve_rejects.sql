-- Closes the rejects of elements that were stored as served, but for those that
-- were met along with them.
UPDATE ingest.rejects
SET resolved_at = now(), resolution = 'stored'
WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL
	AND key = ANY ($3::text[]) AND sha256 <> ALL ($4::bytea[])
