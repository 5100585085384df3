-- Deletes the call records of tenants $1 from $2 on and before $3 with all that is kept of them, each with a
-- tombstone, as prune_rows.sql does.
WITH gone AS (
	DELETE FROM teams.call_records
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND (start_at >= $2 AND start_at < $3 OR start_at IS NULL AND ingested_at < $3)
	RETURNING tenant_id, id
), {children}, versions AS (
	DELETE FROM teams.call_record_versions v
	USING gone
	WHERE v.tenant_id = gone.tenant_id AND v.call_id = gone.id
), retries AS (
	DELETE FROM ingest.details_retries r
	USING gone
	WHERE r.tenant_id = gone.tenant_id AND r.call_id = gone.id
), acknowledged AS (
	DELETE FROM ingest.acknowledgements a
	USING gone
	WHERE a.tenant_id = gone.tenant_id AND a.endpoint = 'call_records' AND a.call_id = gone.id
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, 'call_records', to_jsonb(gone), 'expire', xid
FROM gone
CROSS JOIN here
