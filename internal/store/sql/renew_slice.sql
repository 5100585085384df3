-- Gives some $2 rows the number of this transaction in place of one that has not
-- happened yet here: whole transactions, lowest first, one at least.
UPDATE {table}
SET change_xid = pg_current_xact_id()
WHERE tenant_id = $1 AND change_xid > pg_current_xact_id() AND change_xid <= coalesce((
	SELECT change_xid FROM {table}
	WHERE tenant_id = $1 AND change_xid > (SELECT pg_current_xact_id() FROM ingest.schema_version)
	ORDER BY change_xid
	LIMIT 1 OFFSET $2
), '18446744073709551615')
