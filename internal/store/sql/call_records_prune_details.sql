-- Deletes the details of the call records of tenants $1 from $2 on and before $3, and what was answered in
-- their place. The calls stay as they are: for those who follow changes nothing has changed. Details in
-- tables of a month go with these. Returned are the calls that had details.
WITH gone AS (
	SELECT tenant_id, id, {month_of} AS month
	FROM teams.call_records
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND (start_at >= $2 AND start_at < $3 OR start_at IS NULL AND ingested_at < $3)
), {children}, retries AS (
	DELETE FROM ingest.details_retries r
	USING gone
	WHERE r.tenant_id = gone.tenant_id AND r.call_id = gone.id
)
SELECT 1
FROM gone
WHERE month = '' AND EXISTS (
	SELECT 1 FROM teams.sessions s WHERE s.tenant_id = gone.tenant_id AND s.call_id = gone.id
)
