-- Derived work that has come as far as transactions that have not happened yet
-- here.
SELECT endpoint
FROM ingest.marks
WHERE tenant_id = $1 AND xid > pg_snapshot_xmax(pg_current_snapshot())
