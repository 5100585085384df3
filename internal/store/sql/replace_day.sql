-- Deletes the day's rows that its newest answer does not name, unless a newer
-- answer was stored meanwhile. A reading that is newer by an hour or more came
-- from a clock that was ahead. The day is noted for the rollups. The
-- transaction's number is asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.{table}
	WHERE tenant_id = $1 AND window_from = $3 AND window_to = $4 AND {id} <> ALL ($2::{id_type}[]) AND updated_at < $5
		AND NOT EXISTS (
			SELECT 1 FROM ingest.slots
			WHERE tenant_id = $1 AND endpoint = '{table}' AND slot_from = $3
				AND read_at > $5 AND read_at - $5 < interval '1 hour'
		)
	RETURNING {key}
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT DISTINCT tenant_id, '{table}', date_bin('1 hour', window_from, '2000-01-01Z'), xid
	FROM gone
	CROSS JOIN here
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, '{table}', to_jsonb(gone), 'delete', xid
FROM gone
CROSS JOIN here
