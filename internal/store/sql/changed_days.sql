-- Notes that what is shown of some days has changed: of the days of $1 for the tenants noted, as rows
-- have changed even where no rollup is computed any more; and of each tenant of $2 the day beside it in $3.
INSERT INTO ingest.changed_days (tenant_id, day)
SELECT s.tenant_id, d.day
FROM rollup.stale s
JOIN rollup.stale_days d USING (at)
WHERE d.day = ANY ($1::date[])
UNION
SELECT tenant_id, day
FROM unnest($2::uuid[], $3::date[]) AS computed (tenant_id, day)
ON CONFLICT (tenant_id, day) DO UPDATE
SET change_xid = excluded.change_xid
