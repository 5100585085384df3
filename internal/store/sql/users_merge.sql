ON CONFLICT (tenant_id, user_id) DO UPDATE
SET display_name = CASE WHEN excluded.last_seen_on >= u.last_seen_on
		THEN coalesce(excluded.display_name, u.display_name)
		ELSE coalesce(u.display_name, excluded.display_name) END,
	principal_name = CASE WHEN excluded.last_seen_on >= u.last_seen_on
		THEN coalesce(excluded.principal_name, u.principal_name)
		ELSE coalesce(u.principal_name, excluded.principal_name) END,
	source = CASE WHEN excluded.last_seen_on >= u.last_seen_on THEN excluded.source ELSE u.source END,
	first_seen_on = least(u.first_seen_on, excluded.first_seen_on),
	last_seen_on = greatest(u.last_seen_on, excluded.last_seen_on)
WHERE excluded.first_seen_on < u.first_seen_on
	OR excluded.last_seen_on > u.last_seen_on
	OR excluded.last_seen_on = u.last_seen_on
		AND (coalesce(excluded.display_name, u.display_name), coalesce(excluded.principal_name, u.principal_name))
			IS DISTINCT FROM (u.display_name, u.principal_name)
	OR u.display_name IS NULL AND excluded.display_name IS NOT NULL
	OR u.principal_name IS NULL AND excluded.principal_name IS NOT NULL
