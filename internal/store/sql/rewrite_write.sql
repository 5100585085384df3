-- Stores the staged rows, whose old content is locked or deleted. A row that was read
-- later under a key that is new to the staged one stays.
INSERT INTO teams.{table} AS t ({columns}, change_xid)
SELECT {columns}, pg_current_xact_id()
FROM {stage}
ORDER BY tenant_id, {key}
ON CONFLICT (tenant_id, {key}) DO UPDATE
SET {set},
	change_xid = excluded.change_xid
WHERE t.updated_at <= excluded.updated_at
