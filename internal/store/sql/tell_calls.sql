-- What people ask first of some calls, in the words of analytics: their length, who
-- took part, how many segments failed and how, and how the audio was. Of a user, $3,
-- it tells who the others were, what became of the user's own segments, and of the
-- audio that the user sent.
SELECT c.call_id, c.call_kind, c.start_at, c.duration_s,
	(
		SELECT coalesce(array_agg(
			coalesce(p.display_name, CASE p.identity_kind WHEN 'phone' THEN p.identity_id ELSE p.principal_name END,
				p.identity_kind, 'unknown')
			ORDER BY p.is_organizer DESC, p.display_name, p.identity_id), '{}')
		FROM analytics.participants p
		WHERE p.tenant_id = $1 AND p.call_id = c.call_id
			AND ($3::uuid IS NULL OR p.user_id IS DISTINCT FROM $3::uuid)
			AND NOT EXISTS (
				SELECT 1
				FROM ref.service_identities i
				WHERE i.identity_id = p.identity_id AND (i.tenant_id = $1 OR i.tenant_id IS NULL)
			)
	),
	f.setup_failed, f.dropped, a.good, a.poor, a.poor_reasons
FROM analytics.calls c
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'callsetup') AS setup_failed,
		count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'midcall') AS dropped
	FROM teams.segments g
	WHERE g.tenant_id = $1 AND g.call_id = c.call_id
		AND ($3::uuid IS NULL OR EXISTS (
			SELECT 1
			FROM teams.segment_endpoints e
			WHERE e.tenant_id = $1 AND e.call_id = g.call_id AND e.session_index = g.session_index
				AND e.segment_index = g.segment_index AND e.user_id = $3::uuid
		))
) f
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE s.quality = 'good') AS good, count(*) FILTER (WHERE s.quality = 'poor') AS poor,
		string_agg(DISTINCT s.poor_reasons, ',') AS poor_reasons
	FROM analytics.call_quality_streams s
	WHERE s.tenant_id = $1 AND s.call_id = c.call_id AND s.media_kind = 'audio'
		AND ($3::uuid IS NULL OR s.sender_side = 'caller' AND s.caller_user_id = $3::uuid
			OR s.sender_side = 'callee' AND s.callee_user_id = $3::uuid)
) a
WHERE c.tenant_id = $1 AND c.call_id = ANY ($2::text[]::uuid[])
