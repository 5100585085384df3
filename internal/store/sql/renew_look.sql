-- The lowest transaction of the table that has not happened yet here. What has is asked
-- for as in note_hours.sql.
SELECT change_xid::text
FROM {table}
WHERE tenant_id = $1 AND change_xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot()) FROM ingest.schema_version)
ORDER BY change_xid
LIMIT 1
