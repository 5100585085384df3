-- The people of the tenant that call records name; those of other tenants are
-- no users of it. Records are looked up one by one, LATERAL, because the planner
-- does not know that few have changed, and would join all with all sessions.
(
	SELECT c.tenant_id, c.change_xid, c.start_at, person.*
	FROM teams.call_records c
	CROSS JOIN LATERAL (
		SELECT organizer_user_id AS user_id, organizer_display_name AS user_display_name,
			organizer_principal_name AS user_principal_name, organizer_tenant_id AS home
		FROM teams.call_records
		WHERE tenant_id = c.tenant_id AND id = c.id
		UNION ALL
		SELECT user_id, display_name, principal_name, identity_tenant_id
		FROM teams.call_participants
		WHERE tenant_id = c.tenant_id AND call_id = c.id
		UNION ALL
		SELECT user_id, display_name, principal_name, identity_tenant_id
		FROM teams.session_endpoints
		WHERE tenant_id = c.tenant_id AND call_id = c.id
	) AS person
	WHERE home IS NULL OR home = c.tenant_id
) AS named
