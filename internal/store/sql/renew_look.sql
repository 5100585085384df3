-- The lowest transaction of the table that has not happened yet here.
SELECT change_xid::text
FROM {table}
WHERE tenant_id = $1 AND change_xid >= pg_snapshot_xmax(pg_current_snapshot())
ORDER BY change_xid
LIMIT 1
