-- How many rows of rollups are of days before $2, of tenants $1, and from when to when.
SELECT tenant_id, count(*), min(day)::timestamp AT TIME ZONE 'UTC', max(day)::timestamp AT TIME ZONE 'UTC'
FROM ({rollups}) r
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND day < $2::date
GROUP BY tenant_id
