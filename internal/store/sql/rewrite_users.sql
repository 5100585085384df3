-- Adds users of tenant $1 to those that are there.
INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT $1, user_id, display_name, principal_name, first_seen_on, last_seen_on, source
FROM unnest($2::text[]::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[])
	AS moved (user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
ORDER BY user_id
{merge}
