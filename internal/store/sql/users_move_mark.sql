INSERT INTO ingest.marks AS m (tenant_id, endpoint, name, xid)
VALUES ($1, $2, 'users', $3::text::xid8)
ON CONFLICT (tenant_id, endpoint, name) DO UPDATE
SET xid = excluded.xid, moved_at = excluded.moved_at
WHERE m.xid < excluded.xid
