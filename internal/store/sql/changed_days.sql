-- Notes that what is shown of some days has changed: of each tenant of $1 the day beside it in $2.
INSERT INTO ingest.changed_days (tenant_id, day)
SELECT DISTINCT tenant_id, day
FROM unnest($1::uuid[], $2::date[]) AS computed (tenant_id, day)
ON CONFLICT (tenant_id, day) DO UPDATE
SET change_xid = excluded.change_xid
