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
{merge}
