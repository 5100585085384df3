-- === stage
CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.stage_call_records ON COMMIT DELETE ROWS AS
SELECT tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields FROM teams.call_records WITH NO DATA;

-- === copy
COPY pg_temp.stage_call_records (tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields) FROM STDIN (FORMAT binary);

-- === look up
SELECT id::text, version
FROM teams.call_records
WHERE tenant_id = $1 AND id = ANY ($2::uuid[]);

-- === upsert
-- Stores the staged headers that a list named. A record never seen is inserted.
-- Of another only the version is raised, which is no change for those who
-- follow change_xid. A raised version is tried at once, whatever became of the
-- one before, and what notifications told of the record is known then.
WITH written AS (
	INSERT INTO teams.call_records AS t (tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, change_xid)
	SELECT tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, pg_current_xact_id()
	FROM pg_temp.stage_call_records
	ORDER BY tenant_id, id
	ON CONFLICT (tenant_id, id) DO UPDATE
	SET version = excluded.version
	WHERE t.version < excluded.version
	RETURNING t.tenant_id, t.id
), noted AS (
	INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
	SELECT tenant_id, id, version, last_modified_at, updated_at
	FROM pg_temp.stage_call_records
	ORDER BY tenant_id, id
	ON CONFLICT DO NOTHING
), retried AS (
	DELETE FROM ingest.details_retries r
	USING written w
	WHERE r.tenant_id = w.tenant_id AND r.call_id = w.id
), told AS (
	DELETE FROM ingest.told_records r
	USING written w
	WHERE r.tenant_id = w.tenant_id AND r.call_id = w.id
)
SELECT id::text FROM written;

-- === stage of details
CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.stage_details ON COMMIT DELETE ROWS AS
SELECT tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, session_count, call_kind FROM teams.call_records WITH NO DATA;

-- === copy of details
COPY pg_temp.stage_details (tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, session_count, call_kind) FROM STDIN (FORMAT binary);

-- === note hours
-- Notes for the rollups the hours $3 in which rows count that are written next, and
-- those in which the rows do that they replace. Their old time is that of the row under
-- its lock: rows $2, which are known to be stored, are locked in the order given, that
-- of keys, and found as in look_up.sql. It names those that it has locked, in one array.
-- The transaction's number is asked for beside a table of the ledger: on Citus it would
-- be another node's beside rows.
WITH locked AS (
	SELECT stored.*
	FROM unnest($2::uuid[]) AS wanted (id)
	CROSS JOIN LATERAL (
		SELECT id AS id, start_at AS at
		FROM teams.call_records
		WHERE tenant_id = $1 AND id = wanted.id
		LIMIT 1
		FOR UPDATE
	) AS stored
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT $1, 'call_records', hour, xid
	FROM (SELECT pg_current_xact_id() AS xid FROM ingest.schema_version) AS here
	CROSS JOIN (
		SELECT hour FROM unnest($3::timestamptz[]) AS hour
		UNION
		SELECT date_bin('1 hour', at, '2000-01-01Z') FROM locked WHERE at IS NOT NULL
	) AS hours
)
SELECT array_agg(id::text)
FROM locked;

-- === claim
-- Stores the staged headers, in the order of their ids, each unless details of
-- its version or a higher one are stored. The rows written are locked until the
-- end of the transaction, so that nobody else writes details of theirs. It tells
-- when each was stored first, and what the names of the tables end in that hold its
-- details.
INSERT INTO teams.call_records AS t (tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, session_count, call_kind, details_version, details_at, change_xid)
SELECT tenant_id, updated_at, run_id, row_hash, id, version, type, modalities, start_at, end_at,
	last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, session_count, call_kind, version, now(), pg_current_xact_id()
FROM pg_temp.stage_details
ORDER BY tenant_id, id
ON CONFLICT (tenant_id, id) DO UPDATE
SET updated_at = excluded.updated_at,
	run_id = excluded.run_id,
	row_hash = excluded.row_hash,
	type = excluded.type,
	modalities = excluded.modalities,
	start_at = excluded.start_at,
	end_at = excluded.end_at,
	last_modified_at = excluded.last_modified_at,
	join_web_url = excluded.join_web_url,
	organizer_id = excluded.organizer_id,
	organizer_identity_kind = excluded.organizer_identity_kind,
	organizer_identity_id = excluded.organizer_identity_id,
	organizer_display_name = excluded.organizer_display_name,
	organizer_principal_name = excluded.organizer_principal_name,
	organizer_tenant_id = excluded.organizer_tenant_id,
	organizer_user_id = excluded.organizer_user_id,
	organizer_administrative_unit_ids = excluded.organizer_administrative_unit_ids,
	unknown_fields = excluded.unknown_fields,
	version = greatest(t.version, excluded.version),
	session_count = excluded.session_count,
	call_kind = excluded.call_kind,
	details_version = excluded.details_version,
	details_at = excluded.details_at,
	change_xid = excluded.change_xid
WHERE t.details_version IS NULL OR t.details_version < excluded.details_version
RETURNING id::text, ingested_at, CASE WHEN to_regclass('teams.sessions' || to_char(details_month, '_YYYY_MM')) IS NULL THEN ''
	ELSE to_char(details_month, '_YYYY_MM') END;

-- === stored by
-- Names those of the staged records whose details a run has stored at the very
-- version that is staged.
SELECT t.id::text
FROM teams.call_records t
JOIN pg_temp.stage_details s ON s.tenant_id = t.tenant_id AND s.id = t.id AND s.version = t.details_version
WHERE t.tenant_id = $1 AND t.run_id = $2;

-- === newer
-- The staged records of which details of their version or a higher one are
-- stored.
SELECT t.id::text
FROM pg_temp.stage_details s
JOIN teams.call_records t ON t.tenant_id = s.tenant_id AND t.id = s.id
WHERE t.details_version >= s.version;

-- === delete details
WITH t1 AS (DELETE FROM teams.call_participants WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t2 AS (DELETE FROM teams.sessions WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t3 AS (DELETE FROM teams.session_endpoints WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t4 AS (DELETE FROM teams.segments WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t5 AS (DELETE FROM teams.segment_endpoints WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t6 AS (DELETE FROM teams.segment_media WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t7 AS (DELETE FROM teams.media_endpoints WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])),
	t8 AS (DELETE FROM teams.media_streams WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]))
SELECT 1;

-- === copy children
COPY teams.call_participants (tenant_id, call_id, participant_index, participant_id, identity_kind, identity_id, display_name,
	principal_name, identity_tenant_id, user_id, identity_endpoint_type, administrative_unit_ids,
	unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.sessions (tenant_id, call_id, session_index, session_id, start_at, end_at, modalities, failure_stage,
	failure_reason, is_test, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.session_endpoints (tenant_id, call_id, session_index, side, endpoint_type, identity_id, display_name, principal_name,
	identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, cpu_cores_count,
	cpu_processor_speed_in_mhz, user_agent_header, application_version, platform, product_family,
	azure_ad_app_id, communication_service_id, service_role, feedback_rating, feedback_text,
	feedback_tokens, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.segments (tenant_id, call_id, session_index, segment_index, segment_id, start_at, end_at, failure_stage,
	failure_reason, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.segment_endpoints (tenant_id, call_id, session_index, segment_index, side, endpoint_type, identity_id, display_name,
	principal_name, identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, cpu_cores_count,
	cpu_processor_speed_in_mhz, user_agent_header, application_version, platform, product_family,
	azure_ad_app_id, communication_service_id, service_role, feedback_rating, feedback_text,
	feedback_tokens, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.segment_media (tenant_id, call_id, session_index, segment_index, media_index, label, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.media_endpoints (tenant_id, call_id, session_index, segment_index, media_index, side, capture_device_name,
	capture_device_driver, render_device_name, render_device_driver, capture_not_functioning_event_ratio,
	cpu_insufficent_event_ratio, device_clipping_event_ratio, device_glitch_event_ratio,
	initial_signal_level_root_mean_square, low_speech_level_event_ratio, low_speech_to_noise_event_ratio,
	mic_glitch_rate, speaker_glitch_rate, render_mute_event_ratio, render_not_functioning_event_ratio,
	render_zero_volume_event_ratio, howling_event_count, received_noise_level, received_signal_level,
	sent_noise_level, sent_signal_level, connection_type, network_transport_protocol, wifi_band,
	wifi_radio_type, basic_service_set_identifier, dns_suffix, mac_address, subnet,
	wifi_microsoft_driver, wifi_microsoft_driver_version, wifi_vendor_driver, wifi_vendor_driver_version,
	ip_address, reflexive_ip_address, relay_ip_address, port, relay_port, wifi_battery_charge,
	wifi_channel, wifi_signal_strength, link_speed, bandwidth_low_event_ratio, delay_event_ratio,
	received_quality_event_ratio, sent_quality_event_ratio, trace_route_hops, unknown_fields) FROM STDIN (FORMAT binary);

-- === copy children
COPY teams.media_streams (tenant_id, call_id, session_index, segment_index, media_index, stream_index, stream_id,
	stream_direction, start_at, end_at, audio_codec, video_codec, packet_utilization,
	average_bandwidth_estimate, average_jitter_ms, max_jitter_ms, average_round_trip_time_ms,
	max_round_trip_time_ms, average_audio_network_jitter_ms, max_audio_network_jitter_ms,
	average_freeze_duration_ms, rms_freeze_duration_ms, average_packet_loss_rate, max_packet_loss_rate,
	average_audio_degradation, average_ratio_of_concealed_samples, max_ratio_of_concealed_samples,
	average_received_frame_rate, average_video_frame_loss_percentage, average_video_frame_rate,
	average_video_packet_loss_rate, post_forward_error_correction_packet_loss_rate, low_frame_rate_ratio,
	low_video_processing_capability_ratio, is_audio_forward_error_correction_used, was_media_bypassed,
	unknown_fields) FROM STDIN (FORMAT binary);

-- === note
-- Notes the versions whose details were stored, and forgets the failures of
-- records that have no newer one to wait for.
WITH noted AS (
	INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
	SELECT tenant_id, id, details_version, last_modified_at, updated_at
	FROM teams.call_records
	WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
	ORDER BY id
	ON CONFLICT DO NOTHING
)
DELETE FROM ingest.details_retries r
USING teams.call_records c
WHERE r.tenant_id = $1 AND r.call_id = ANY ($2::uuid[])
	AND c.tenant_id = r.tenant_id AND c.id = r.call_id AND NOT c.pending;

-- === next changed row
-- The transaction of the tenant's changed row that comes after $4 others, counted
-- from transaction $2 on and before $3.
SELECT change_xid::text
FROM teams.call_records
WHERE tenant_id = $1 AND change_xid >= $2::text::xid8 AND change_xid < $3::text::xid8
ORDER BY change_xid
LIMIT 1 OFFSET $4;

-- === refresh users
-- Refreshes the users named by rows that changed from transaction $3 on and
-- before $4. Names come from the newest event (of several at one time the same
-- whatever their order). Users are written in the order of their ids, so that
-- the refreshes of two endpoints do not deadlock. Unchanged is not written.
INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT $1, user_id,
	(array_agg(user_display_name ORDER BY start_at DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_display_name IS NOT NULL))[1],
	(array_agg(user_principal_name ORDER BY start_at DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_principal_name IS NOT NULL))[1],
	min(start_at)::date, max(start_at)::date, $2
FROM -- The people of the tenant that call records name; those of other tenants are
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

WHERE change_xid >= $3::text::xid8 AND change_xid < $4::text::xid8
	AND tenant_id = $1 AND user_id IS NOT NULL AND start_at IS NOT NULL
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
	OR u.principal_name IS NULL AND excluded.principal_name IS NOT NULL;

-- === tenants to prune
-- Of tenants $1 those whose rows of endpoint $2 before $3 can be deleted now, how many others, and from when
-- on there may be any, with an hour for what was being stored. Rows wait while figures are to be computed of
-- days that read such rows, as they never are once some are gone. A day reads rows of the days beside it.
SELECT coalesce(array_agg(tenant ORDER BY tenant) FILTER (WHERE ready), '{}'), count(*) FILTER (WHERE NOT ready),
	coalesce(min(begins) FILTER (WHERE ready), '-infinity')
FROM (
	SELECT e.tenant_id::text AS tenant, '-infinity'::timestamptz - interval '1 hour' AS begins, NOT EXISTS (
		SELECT 1 FROM rollup.stale s
		WHERE s.tenant_id = e.tenant_id AND s.at < $3::timestamptz + interval '3 days'
	) AS ready
	FROM ingest.endpoints e
	WHERE e.tenant_id = ANY ($1::text[]::uuid[]) AND e.endpoint = $2
) t;

-- === end of a slice
-- The time of the row that comes after $4 others of tenants $1, from $2 on and before $3.
SELECT start_at
FROM teams.call_records
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND start_at >= $2 AND start_at < $3
ORDER BY start_at
LIMIT 1 OFFSET $4;

-- === prune
-- Deletes the call records of tenants $1 from $2 on and before $3 with all that is kept of them, each with a
-- tombstone, as prune_rows.sql does.
WITH gone AS (
	DELETE FROM teams.call_records
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND (start_at >= $2 AND start_at < $3 OR start_at IS NULL AND ingested_at < $3)
	RETURNING tenant_id, id
), t1 AS (
	DELETE FROM teams.call_participants t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t2 AS (
	DELETE FROM teams.sessions t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t3 AS (
	DELETE FROM teams.session_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t4 AS (
	DELETE FROM teams.segments t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t5 AS (
	DELETE FROM teams.segment_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t6 AS (
	DELETE FROM teams.segment_media t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t7 AS (
	DELETE FROM teams.media_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), t8 AS (
	DELETE FROM teams.media_streams t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id
), versions AS (
	DELETE FROM teams.call_record_versions v
	USING gone
	WHERE v.tenant_id = gone.tenant_id AND v.call_id = gone.id
), retries AS (
	DELETE FROM ingest.details_retries r
	USING gone
	WHERE r.tenant_id = gone.tenant_id AND r.call_id = gone.id
), acknowledged AS (
	DELETE FROM ingest.acknowledgements a
	USING gone
	WHERE a.tenant_id = gone.tenant_id AND a.endpoint = 'call_records' AND a.call_id = gone.id
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, 'call_records', to_jsonb(gone), 'expire', xid
FROM gone
CROSS JOIN here;

-- === kept from
-- Notes that rows of endpoint $2 before $3 may be deleted, of tenants $1, and that no figures are computed
-- from them any more. Neither time moves back.
WITH marked AS (
	UPDATE ingest.endpoints
	SET kept_from = greatest(kept_from, $3::timestamptz)
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2
)
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, $2, $3
FROM unnest($1::text[]) AS t
ORDER BY t
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before;

-- === count
-- How many rows of tenants $1 are before $2, from '-infinity'::timestamptz on, and from when to when.
SELECT r.tenant_id, count(*), min(start_at), max(start_at)
FROM teams.call_records r
JOIN ingest.endpoints e ON e.tenant_id = r.tenant_id AND e.endpoint = 'call_records'
WHERE r.tenant_id = ANY ($1::text[]::uuid[])
	AND (start_at >= '-infinity'::timestamptz AND start_at < $2 OR start_at IS NULL AND r.ingested_at < $2)
GROUP BY r.tenant_id;

-- === tenants to prune
-- Of tenants $1 those whose rows of endpoint $2 before $3 can be deleted now, how many others, and from when
-- on there may be any, with an hour for what was being stored. Rows wait while figures are to be computed of
-- days that read such rows, as they never are once some are gone. A day reads rows of the days beside it.
SELECT coalesce(array_agg(tenant ORDER BY tenant) FILTER (WHERE ready), '{}'), count(*) FILTER (WHERE NOT ready),
	coalesce(min(begins) FILTER (WHERE ready), '-infinity')
FROM (
	SELECT e.tenant_id::text AS tenant, coalesce(e.details_kept_from, '-infinity') - interval '1 hour' AS begins, NOT EXISTS (
		SELECT 1 FROM rollup.stale s
		WHERE s.tenant_id = e.tenant_id AND s.at < $3::timestamptz + interval '3 days'
	) AS ready
	FROM ingest.endpoints e
	WHERE e.tenant_id = ANY ($1::text[]::uuid[]) AND e.endpoint = $2
) t;

-- === end of a slice
-- The time of the row that comes after $4 others of tenants $1, from $2 on and before $3.
SELECT start_at
FROM teams.call_records
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND start_at >= $2 AND start_at < $3
ORDER BY start_at
LIMIT 1 OFFSET $4;

-- === prune
-- Deletes the details of the call records of tenants $1 from $2 on and before $3, and what was answered in
-- their place. The calls stay as they are: for those who follow changes nothing has changed. Details in
-- tables of a month go with these. Returned are the calls that had details.
WITH gone AS (
	SELECT tenant_id, id, CASE WHEN to_regclass('teams.sessions' || to_char(details_month, '_YYYY_MM')) IS NULL THEN ''
	ELSE to_char(details_month, '_YYYY_MM') END AS month
	FROM teams.call_records
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND (start_at >= $2 AND start_at < $3 OR start_at IS NULL AND ingested_at < $3)
), t1 AS (
	DELETE FROM teams.call_participants t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t2 AS (
	DELETE FROM teams.sessions t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t3 AS (
	DELETE FROM teams.session_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t4 AS (
	DELETE FROM teams.segments t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t5 AS (
	DELETE FROM teams.segment_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t6 AS (
	DELETE FROM teams.segment_media t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t7 AS (
	DELETE FROM teams.media_endpoints t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), t8 AS (
	DELETE FROM teams.media_streams t
	USING gone
	WHERE t.tenant_id = gone.tenant_id AND t.call_id = gone.id AND gone.month = ''
), retries AS (
	DELETE FROM ingest.details_retries r
	USING gone
	WHERE r.tenant_id = gone.tenant_id AND r.call_id = gone.id
)
SELECT 1
FROM gone
WHERE month = '' AND EXISTS (
	SELECT 1 FROM teams.sessions s WHERE s.tenant_id = gone.tenant_id AND s.call_id = gone.id
);

-- === kept from
-- Notes that rows of endpoint $2 before $3 may be deleted, of tenants $1, and that no figures are computed
-- from them any more. Neither time moves back.
WITH marked AS (
	UPDATE ingest.endpoints
	SET details_kept_from = greatest(details_kept_from, $3::timestamptz)
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2
)
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, $2, $3
FROM unnest($1::text[]) AS t
ORDER BY t
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before;

-- === count
-- How many rows of tenants $1 are before $2, from coalesce(e.details_kept_from, '-infinity') on, and from when to when.
SELECT r.tenant_id, count(*), min(start_at), max(start_at)
FROM teams.call_records r
JOIN ingest.endpoints e ON e.tenant_id = r.tenant_id AND e.endpoint = 'call_records'
WHERE r.tenant_id = ANY ($1::text[]::uuid[])
	AND (start_at >= coalesce(e.details_kept_from, '-infinity') AND start_at < $2 OR start_at IS NULL AND r.ingested_at < $2)
GROUP BY r.tenant_id;

-- === next to rewrite
-- The keys of the next $3 rows of tenant $1 from key $2 on, as texts.
SELECT ARRAY[id::text]
FROM teams.call_records
WHERE tenant_id = $1 AND (id) >= (($2::text[])[1]::uuid)
ORDER BY id
LIMIT $3;

-- === next of old to rewrite
-- The keys of the next rows of tenant $1 from time $2 on and before $3, as texts, with their
-- times: some $4, and all that have the time of the last.
SELECT ARRAY[id::text], at
FROM (
	SELECT id, start_at AS at
	FROM teams.call_records
	WHERE tenant_id = $1 AND start_at >= $2 AND start_at < $3
	ORDER BY start_at
	FETCH FIRST ($4) ROWS WITH TIES
) AS slice
ORDER BY id;

-- === next without time to rewrite
-- The keys, as texts, of the rows of tenant $1 that have no time, and were stored before $2.
SELECT ARRAY[id::text]
FROM teams.call_records
WHERE tenant_id = $1 AND start_at IS NULL AND ingested_at < $2
ORDER BY id;

-- === count to rewrite
-- How many rows of tenant $1 happened before $2 and are not rewritten for that, and from when to when.
SELECT $1::uuid, count(*), min(start_at), max(start_at)
FROM teams.call_records
WHERE tenant_id = $1 AND start_at >= $3 AND start_at < $2
HAVING count(*) > 0;

-- === lock
-- Locks rows by their keys, in the order given, and reads them as they are under the
-- lock, each with the number of its key. Each is looked for by itself, as in look_up.sql.
SELECT n, stored.*
FROM unnest($2::text[]::uuid[]) WITH ORDINALITY AS wanted (id, n)
CROSS JOIN LATERAL (
	SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id,
	coalesce(details_version, version) AS version, type, modalities, start_at, end_at, last_modified_at,
	join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id, organizer_display_name,
	organizer_principal_name, organizer_tenant_id, organizer_user_id, organizer_administrative_unit_ids,
	unknown_fields
	FROM teams.call_records t
	WHERE t.tenant_id = $1 AND (t.id) = (wanted.id)
	LIMIT 1
	FOR UPDATE
) AS stored;

-- === stage of rewritten
CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.rewrite_call_records ON COMMIT DELETE ROWS AS
SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id, version, type, modalities, start_at,
	end_at, last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields FROM teams.call_records WITH NO DATA;

-- === copy of rewritten
COPY pg_temp.rewrite_call_records (tenant_id, ingested_at, updated_at, run_id, row_hash, id, version, type, modalities, start_at,
	end_at, last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields) FROM STDIN (FORMAT binary);

-- === delete moved
-- Deletes rows that get another key, each with a tombstone. The transaction's number is
-- asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.call_records t
	USING unnest($2::text[]::uuid[]) AS wanted (id)
	WHERE t.tenant_id = $1 AND (t.id) = (wanted.id)
	RETURNING t.tenant_id, t.id
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, 'call_records', to_jsonb(gone), 'delete', xid
FROM gone
CROSS JOIN here;

-- === write rewritten
-- Stores the staged rows, whose old content is locked or deleted. A row that was read
-- later under a key that is new to the staged one stays.
INSERT INTO teams.call_records AS t (tenant_id, ingested_at, updated_at, run_id, row_hash, id, version, type, modalities, start_at,
	end_at, last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, change_xid)
SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id, version, type, modalities, start_at,
	end_at, last_modified_at, join_web_url, organizer_id, organizer_identity_kind, organizer_identity_id,
	organizer_display_name, organizer_principal_name, organizer_tenant_id, organizer_user_id,
	organizer_administrative_unit_ids, unknown_fields, pg_current_xact_id()
FROM pg_temp.rewrite_call_records
ORDER BY tenant_id, id
ON CONFLICT (tenant_id, id) DO UPDATE
SET updated_at = excluded.updated_at,
	run_id = excluded.run_id,
	row_hash = excluded.row_hash,
	type = excluded.type,
	modalities = excluded.modalities,
	start_at = excluded.start_at,
	end_at = excluded.end_at,
	last_modified_at = excluded.last_modified_at,
	join_web_url = excluded.join_web_url,
	organizer_id = excluded.organizer_id,
	organizer_identity_kind = excluded.organizer_identity_kind,
	organizer_identity_id = excluded.organizer_identity_id,
	organizer_display_name = excluded.organizer_display_name,
	organizer_principal_name = excluded.organizer_principal_name,
	organizer_tenant_id = excluded.organizer_tenant_id,
	organizer_user_id = excluded.organizer_user_id,
	organizer_administrative_unit_ids = excluded.organizer_administrative_unit_ids,
	unknown_fields = excluded.unknown_fields,
	change_xid = excluded.change_xid
WHERE t.updated_at <= excluded.updated_at;

-- === note rewritten
-- Notes for the rollups the hours in which staged rows count.
INSERT INTO rollup.stale (tenant_id, source, at)
SELECT DISTINCT tenant_id, 'call_records', date_bin('1 hour', start_at, '2000-01-01Z')
FROM pg_temp.rewrite_call_records
WHERE start_at IS NOT NULL;

-- === read details
SELECT call_id, participant_index, participant_id, identity_kind, identity_id, display_name, principal_name,
	identity_tenant_id, user_id, identity_endpoint_type, administrative_unit_ids, unknown_fields
FROM teams.call_participants
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, session_id, start_at, end_at, modalities, failure_stage, failure_reason,
	is_test, unknown_fields
FROM teams.sessions
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, side, endpoint_type, identity_id, display_name, principal_name,
	identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, cpu_cores_count,
	cpu_processor_speed_in_mhz, user_agent_header, application_version, platform, product_family,
	azure_ad_app_id, communication_service_id, service_role, feedback_rating, feedback_text,
	feedback_tokens, unknown_fields
FROM teams.session_endpoints
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, segment_index, segment_id, start_at, end_at, failure_stage, failure_reason,
	unknown_fields
FROM teams.segments
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, segment_index, side, endpoint_type, identity_id, display_name,
	principal_name, identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, cpu_cores_count,
	cpu_processor_speed_in_mhz, user_agent_header, application_version, platform, product_family,
	azure_ad_app_id, communication_service_id, service_role, feedback_rating, feedback_text,
	feedback_tokens, unknown_fields
FROM teams.segment_endpoints
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, segment_index, media_index, label, unknown_fields
FROM teams.segment_media
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, segment_index, media_index, side, capture_device_name, capture_device_driver,
	render_device_name, render_device_driver, capture_not_functioning_event_ratio,
	cpu_insufficent_event_ratio, device_clipping_event_ratio, device_glitch_event_ratio,
	initial_signal_level_root_mean_square, low_speech_level_event_ratio, low_speech_to_noise_event_ratio,
	mic_glitch_rate, speaker_glitch_rate, render_mute_event_ratio, render_not_functioning_event_ratio,
	render_zero_volume_event_ratio, howling_event_count, received_noise_level, received_signal_level,
	sent_noise_level, sent_signal_level, connection_type, network_transport_protocol, wifi_band,
	wifi_radio_type, basic_service_set_identifier, dns_suffix, mac_address, subnet,
	wifi_microsoft_driver, wifi_microsoft_driver_version, wifi_vendor_driver, wifi_vendor_driver_version,
	ip_address, reflexive_ip_address, relay_ip_address, port, relay_port, wifi_battery_charge,
	wifi_channel, wifi_signal_strength, link_speed, bandwidth_low_event_ratio, delay_event_ratio,
	received_quality_event_ratio, sent_quality_event_ratio, trace_route_hops, unknown_fields
FROM teams.media_endpoints
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

-- === read details
SELECT call_id, session_index, segment_index, media_index, stream_index, stream_id, stream_direction,
	start_at, end_at, audio_codec, video_codec, packet_utilization, average_bandwidth_estimate,
	average_jitter_ms, max_jitter_ms, average_round_trip_time_ms, max_round_trip_time_ms,
	average_audio_network_jitter_ms, max_audio_network_jitter_ms, average_freeze_duration_ms,
	rms_freeze_duration_ms, average_packet_loss_rate, max_packet_loss_rate, average_audio_degradation,
	average_ratio_of_concealed_samples, max_ratio_of_concealed_samples, average_received_frame_rate,
	average_video_frame_loss_percentage, average_video_frame_rate, average_video_packet_loss_rate,
	post_forward_error_correction_packet_loss_rate, low_frame_rate_ratio,
	low_video_processing_capability_ratio, is_audio_forward_error_correction_used, was_media_bypassed,
	unknown_fields
FROM teams.media_streams
WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]);

