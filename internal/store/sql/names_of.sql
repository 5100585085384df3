-- What users $2 of tenant $1 are called, wherever rows say so. An address is that of the user who has it in most rows:
-- Graph serves rows in somebody else's name, too.
WITH named AS NOT MATERIALIZED (
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
), called AS MATERIALIZED (
	SELECT DISTINCT principal_name, display_name
	FROM named
	WHERE tenant_id = $1 AND user_id = ANY ($2::text[]::uuid[])
), owners AS (
	SELECT DISTINCT ON (principal_name) principal_name, user_id = ANY ($2::text[]::uuid[]) AS theirs
	FROM named
	WHERE tenant_id = $1 AND user_id IS NOT NULL AND principal_name IN (SELECT principal_name FROM called)
	GROUP BY principal_name, user_id
	ORDER BY principal_name, count(*) DESC, theirs DESC
)
SELECT CASE WHEN o.theirs THEN c.principal_name END, c.display_name
FROM called c
LEFT JOIN owners o USING (principal_name)
