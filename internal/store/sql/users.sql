-- Refreshes the users named by rows that changed from transaction $3 on and
-- before $4. Names come from the newest event (of several at one time the same
-- whatever their order). Users are written in the order of their ids, so that
-- the refreshes of two endpoints do not deadlock. Unchanged is not written.
INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT $1, user_id,
	(array_agg(user_display_name ORDER BY {at} DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_display_name IS NOT NULL))[1],
	(array_agg(user_principal_name ORDER BY {at} DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_principal_name IS NOT NULL))[1],
	min({at})::date, max({at})::date, $2
FROM {people}
WHERE change_xid >= $3::text::xid8 AND change_xid < $4::text::xid8
	AND tenant_id = $1 AND user_id IS NOT NULL AND {at} IS NOT NULL
GROUP BY user_id
ORDER BY user_id
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
