-- Deletes rows that get another key, each with a tombstone. The transaction's number is
-- asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.{table} t
	USING unnest({keys}) AS wanted ({key})
	WHERE t.tenant_id = $1 AND ({qualified}) = ({wanted})
	RETURNING t.tenant_id, {qualified}
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, '{table}', to_jsonb(gone), 'delete', xid
FROM gone
CROSS JOIN here
