-- Deletes what was kept raw of the time before $3, of endpoint $2 of tenants $1: rejects, and what was
-- answered in place of a page. That a slot failed stays known.
WITH rejects AS (
	DELETE FROM ingest.rejects
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2 AND coalesce(slot_to, served_at) <= $3
)
UPDATE ingest.parked
SET body = NULL
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2 AND slot_to <= $3 AND body IS NOT NULL
