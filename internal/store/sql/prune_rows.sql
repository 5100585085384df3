-- Deletes the rows of tenants $1 from $2 on and before $3, each with a tombstone. One that has no time
-- counts as of when it was stored. The transaction's number is asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.{table}
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND ({time} >= $2 AND {time} < $3 OR {time} IS NULL AND ingested_at < $3)
	RETURNING {key}
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, '{table}', to_jsonb(gone), 'expire', xid
FROM gone
CROSS JOIN here
