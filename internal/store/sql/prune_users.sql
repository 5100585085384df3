-- Forgets the users of tenants $1 whom no row has named since $2.
DELETE FROM teams.users
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND last_seen_on < $2::date
