-- Forgets how far derived work has come in transactions that have not happened
-- yet here: it begins anew.
DELETE FROM ingest.marks WHERE tenant_id = $1 AND xid > pg_snapshot_xmax(pg_current_snapshot())
