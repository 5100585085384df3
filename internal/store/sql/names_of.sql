-- What users $2 of tenant $1 are called, wherever rows say so.
SELECT DISTINCT principal_name, display_name
FROM (
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.users
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.pstn_calls
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.direct_routing_calls
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.sms_messages
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.pstn_blocked_users_log
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.dialout_report
	UNION ALL
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.call_participants
	UNION ALL
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.session_endpoints
) AS named
WHERE tenant_id = $1 AND user_id = ANY ($2::text[]::uuid[])
