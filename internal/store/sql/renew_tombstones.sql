-- Forgets a tombstone that has not happened yet here where the same row has a later
-- one. Both would get the number of one transaction, and readers that follow
-- changes know the two by number, table and key alone.
DELETE FROM ingest.tombstones t
USING ingest.tombstones later
WHERE t.tenant_id = $1 AND t.change_xid >= pg_snapshot_xmax(pg_current_snapshot())
	AND later.tenant_id = t.tenant_id AND later.table_name = t.table_name AND later.key = t.key
	AND later.tombstone_id > t.tombstone_id
