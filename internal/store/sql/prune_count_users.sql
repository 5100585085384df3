-- How many users of tenants $1 no row has named since $2, and from when to when one did last.
SELECT tenant_id, count(*), min(last_seen_on)::timestamp AT TIME ZONE 'UTC',
	max(last_seen_on)::timestamp AT TIME ZONE 'UTC'
FROM teams.users
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND last_seen_on < $2::date
GROUP BY tenant_id
