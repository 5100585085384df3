-- The views of single calls, streams, legs and people, and the building blocks that
-- they share with the views of days and hours.
--
-- Each is made of plain joins. Where it groups, it groups by every column that
-- people filter on, so that the planner can begin at whichever index a filter
-- names. A join by a whole key that only adds columns is a LEFT JOIN: it falls away
-- where none of them is asked for.

-- Two processes share the calls of a span, which they find by the index, however few
-- its pages are. Rows below a call lie side by side. The planner believes them to be
-- scattered, and would rather read a whole table with several processes.
ALTER TABLE teams.call_records      SET (parallel_workers = 2);
ALTER TABLE teams.call_participants SET (parallel_workers = 0);
ALTER TABLE teams.sessions          SET (parallel_workers = 0);
ALTER TABLE teams.session_endpoints SET (parallel_workers = 0);
ALTER TABLE teams.segments          SET (parallel_workers = 0);
ALTER TABLE teams.segment_media     SET (parallel_workers = 0);
-- A join by a whole key finds one row at most. From what it knows of ordinals, most
-- of them 0, the planner expects several. Without that it expects one. A type that
-- is set anew, even to itself, takes away what is known.
ALTER TABLE teams.sessions
    ALTER COLUMN session_index TYPE integer, ALTER COLUMN session_index SET STATISTICS 0;
ALTER TABLE teams.segments
    ALTER COLUMN session_index TYPE integer, ALTER COLUMN session_index SET STATISTICS 0,
    ALTER COLUMN segment_index TYPE integer, ALTER COLUMN segment_index SET STATISTICS 0;
ALTER TABLE teams.segment_endpoints
    ALTER COLUMN session_index TYPE integer, ALTER COLUMN session_index SET STATISTICS 0,
    ALTER COLUMN segment_index TYPE integer, ALTER COLUMN segment_index SET STATISTICS 0;
ALTER TABLE teams.media_endpoints
    ALTER COLUMN session_index TYPE integer, ALTER COLUMN session_index SET STATISTICS 0,
    ALTER COLUMN segment_index TYPE integer, ALTER COLUMN segment_index SET STATISTICS 0,
    ALTER COLUMN media_index TYPE integer, ALTER COLUMN media_index SET STATISTICS 0;

-- Call records whose details are stored.
CREATE VIEW live.calls AS
SELECT
    c.*,
    CASE WHEN analytics.lower_ascii(c.type) IN ('groupcall', 'peertopeer') THEN 'api' ELSE 'inferred' END
        AS call_kind_source
FROM teams.call_records c
WHERE c.details_version IS NOT NULL;

-- The two sides of sessions and segments. person_id is the user, null for services
-- that join calls like a person. They are looked up by IN, as the planner puts such
-- a list into a hash, and asks an EXISTS anew for each row.
CREATE VIEW live.session_endpoints AS
SELECT
    e.*,
    CASE
        WHEN e.identity_id IN (SELECT i.identity_id FROM ref.service_identities i WHERE i.tenant_id IS NULL)
            OR (e.tenant_id, e.identity_id) IN (
                SELECT i.tenant_id, i.identity_id
                FROM ref.service_identities i
                WHERE i.tenant_id IS NOT NULL
            )
        THEN NULL
        ELSE e.user_id
    END AS person_id
FROM teams.session_endpoints e;

CREATE VIEW live.segment_endpoints AS
SELECT
    e.*,
    CASE
        WHEN e.identity_id IN (SELECT i.identity_id FROM ref.service_identities i WHERE i.tenant_id IS NULL)
            OR (e.tenant_id, e.identity_id) IN (
                SELECT i.tenant_id, i.identity_id
                FROM ref.service_identities i
                WHERE i.tenant_id IS NOT NULL
            )
        THEN NULL
        ELSE e.user_id
    END AS person_id
FROM teams.segment_endpoints e;

-- Streams with their class, without those of test sessions. Test sessions are few,
-- and an index of their own finds them; a join would read all sessions. The keys are
-- those of the media: what else is joined by them is so for each media, not for each
-- of its streams.
CREATE VIEW live.streams AS
SELECT
    c.start_at AS call_start_at,
    c.call_kind,
    m.tenant_id,
    m.call_id,
    m.session_index,
    m.segment_index,
    m.media_index,
    t.stream_index,
    t.stream_id,
    t.stream_direction,
    t.start_at,
    t.end_at,
    t.audio_codec,
    t.video_codec,
    t.packet_utilization,
    t.average_bandwidth_estimate,
    t.average_jitter_ms,
    t.max_jitter_ms,
    t.average_round_trip_time_ms,
    t.max_round_trip_time_ms,
    t.average_audio_network_jitter_ms,
    t.max_audio_network_jitter_ms,
    t.average_freeze_duration_ms,
    t.rms_freeze_duration_ms,
    t.average_packet_loss_rate,
    t.max_packet_loss_rate,
    t.average_audio_degradation,
    t.average_ratio_of_concealed_samples,
    t.max_ratio_of_concealed_samples,
    t.average_received_frame_rate,
    t.average_video_frame_loss_percentage,
    t.average_video_frame_rate,
    t.average_video_packet_loss_rate,
    t.post_forward_error_correction_packet_loss_rate,
    t.low_frame_rate_ratio,
    t.low_video_processing_capability_ratio,
    t.is_audio_forward_error_correction_used,
    t.was_media_bypassed,
    t.unknown_fields,
    m.label,
    analytics.media_kind(m.label) AS media_kind,
    analytics.stream_quality(
        analytics.media_kind(m.label), t.packet_utilization, t.average_round_trip_time_ms, t.average_jitter_ms,
        t.average_packet_loss_rate, t.average_video_frame_loss_percentage, t.average_video_frame_rate,
        t.post_forward_error_correction_packet_loss_rate) AS quality,
    CASE analytics.lower_ascii(t.stream_direction)
        WHEN 'callertocallee' THEN 'caller'
        WHEN 'calleetocaller' THEN 'callee'
    END AS sender_side
FROM live.calls c
JOIN teams.segment_media m ON m.tenant_id = c.tenant_id AND m.call_id = c.id
JOIN teams.media_streams t
    ON t.tenant_id = m.tenant_id AND t.call_id = m.call_id AND t.session_index = m.session_index
    AND t.segment_index = m.segment_index AND t.media_index = m.media_index
WHERE NOT EXISTS (
    SELECT
    FROM teams.sessions s
    WHERE s.is_test AND s.tenant_id = m.tenant_id AND s.call_id = m.call_id AND s.session_index = m.session_index
);

-- Streams once for each side that is a participant, with its client, devices and
-- network.
CREATE VIEW live.sided_streams AS
SELECT
    t.*,
    e.side,
    t.sender_side = e.side AS sends,
    p.user_id,
    p.person_id,
    p.platform,
    p.product_family,
    p.application_version,
    e.capture_device_name,
    e.capture_device_driver,
    e.render_device_name,
    e.render_device_driver,
    e.capture_not_functioning_event_ratio,
    e.cpu_insufficent_event_ratio,
    e.device_clipping_event_ratio,
    e.device_glitch_event_ratio,
    e.low_speech_level_event_ratio,
    e.low_speech_to_noise_event_ratio,
    e.render_mute_event_ratio,
    e.render_not_functioning_event_ratio,
    e.render_zero_volume_event_ratio,
    e.mic_glitch_rate,
    e.speaker_glitch_rate,
    e.howling_event_count,
    e.subnet,
    e.reflexive_ip_address,
    e.connection_type,
    e.wifi_band,
    e.network_transport_protocol
FROM live.streams t
JOIN teams.media_endpoints e
    ON e.tenant_id = t.tenant_id AND e.call_id = t.call_id AND e.session_index = t.session_index
    AND e.segment_index = t.segment_index AND e.media_index = t.media_index
JOIN live.segment_endpoints p
    ON p.tenant_id = e.tenant_id AND p.call_id = e.call_id AND p.session_index = e.session_index
    AND p.segment_index = e.segment_index AND p.side = e.side
WHERE p.endpoint_type = 'participant';

-- Calls that went through a call queue or an auto attendant.
CREATE VIEW live.voice_calls AS
SELECT DISTINCT e.tenant_id, e.call_id
FROM teams.session_endpoints e
WHERE analytics.is_voice_app(e.service_role, e.user_agent_header);

-- PSTN and Direct Routing calls in the same columns, with what the lists say about
-- them. What is said of one log alone, or used more than once, is worked out within
-- its branch. The country of a number is that of the longest prefix known, if the number
-- is written with its country: each length of prefix is a join of its own, as these
-- cost least and fall away.
CREATE VIEW live.telephony AS
SELECT
    t.*,
    coalesce(c7.prefix, c6.prefix, c5.prefix, c4.prefix, c3.prefix, c2.prefix, c1.prefix) AS external_prefix,
    f.external_country,
    CASE analytics.lower_ascii(t.destination_context)
        WHEN 'international' THEN true
        WHEN 'domestic' THEN false
        ELSE t.usage_country_code <> f.external_country
    END AS is_international
FROM (
    SELECT
        p.tenant_id, 'pstn' AS source, p.id AS source_row_id, m.call_id, m.method AS match_method,
        m.score AS match_score, p.call_type, p.user_id, p.user_principal_name, p.user_display_name,
        p.start_at AS attempt_at, p.start_at, p.end_at AS ended_at, p.duration_s, p.duration_s > 0 AS answered,
        p.caller_number, p.callee_number, p.other_party_country_code, p.destination_context, p.destination_name,
        p.charge, p.connection_charge, p.currency, p.license_capability, p.inventory_type, p.operator,
        p.call_duration_source, NULL::text AS trunk_fqdn, NULL::integer AS sip_code, NULL::bigint AS ms_subcode,
        NULL::text AS sip_phrase, NULL::uuid AS correlation_id, NULL::uuid AS transferor_correlation_id,
        p.conference_id, p.usage_country_code, p.administrative_unit_ids,
        CASE
            WHEN coalesce(k.is_operator_connect, (analytics.call_tokens(p.call_type))[1] = 'oc')
                OR analytics.lower_ascii(p.operator) <> 'microsoft' THEN 'operator_connect'
            WHEN x.scenario = 'audio_conference' THEN 'audio_conferencing'
            ELSE 'calling_plan'
        END AS provider,
        x.direction,
        x.scenario,
        CASE WHEN p.duration_s > 0 THEN 'answered' WHEN p.duration_s <= 0 THEN 'not_answered' END AS outcome,
        CASE x.direction WHEN 'outbound' THEN p.caller_number ELSE p.callee_number END AS own_number,
        CASE x.direction WHEN 'outbound' THEN p.callee_number ELSE p.caller_number END AS external_number,
        NULL::float8 AS answer_delay_s,
        NULL::float8 AS setup_fail_s
    FROM teams.pstn_calls p
    LEFT JOIN rollup.pstn_matches m ON m.tenant_id = p.tenant_id AND m.id = p.id AND m.start_at = p.start_at
    LEFT JOIN ref.call_types k ON k.call_type = analytics.lower_ascii(p.call_type)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(k.direction, analytics.direction_of(analytics.call_tokens(p.call_type))) AS direction,
            coalesce(k.scenario, analytics.scenario_of(analytics.call_tokens(p.call_type))) AS scenario
    ) x
    UNION ALL
    SELECT
        r.tenant_id, 'direct_routing', r.id, r.correlation_id, NULL,
        NULL, r.call_type, r.user_id, r.user_principal_name, r.user_display_name,
        coalesce(r.invite_at, r.start_at), r.start_at, coalesce(r.end_at, r.failure_at), r.duration_s,
        r.successful_call, r.caller_number, r.callee_number, r.other_party_country_code, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, r.trunk_fqdn, r.final_sip_code, r.call_end_sub_reason,
        r.final_sip_code_phrase, r.correlation_id, r.transferor_correlation_id,
        NULL, r.user_country_code, r.administrative_unit_ids,
        'direct_routing',
        x.direction,
        x.scenario,
        CASE
            WHEN r.successful_call THEN 'answered'
            WHEN NOT r.successful_call THEN coalesce(o.outcome, a.outcome, 'network_failure')
        END,
        CASE x.direction WHEN 'outbound' THEN r.caller_number ELSE r.callee_number END,
        CASE x.direction WHEN 'outbound' THEN r.callee_number ELSE r.caller_number END,
        CASE WHEN x.direction = 'outbound' AND r.successful_call
            THEN extract(epoch FROM r.start_at - r.invite_at)::float8 END,
        extract(epoch FROM r.failure_at - r.invite_at)::float8
    FROM teams.direct_routing_calls r
    LEFT JOIN ref.call_types k ON k.call_type = analytics.lower_ascii(r.call_type)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(k.direction, analytics.direction_of(analytics.call_tokens(r.call_type))) AS direction,
            coalesce(k.scenario, analytics.scenario_of(analytics.call_tokens(r.call_type))) AS scenario
    ) x
    LEFT JOIN ref.sip_outcomes o ON o.sip_code = r.final_sip_code AND o.sub_reason = r.call_end_sub_reason
    LEFT JOIN ref.sip_outcomes a ON a.sip_code = r.final_sip_code AND a.sub_reason IS NULL
) t
LEFT JOIN ref.calling_codes c1 ON c1.dialled = left(t.external_number, 2) COLLATE "C"
LEFT JOIN ref.calling_codes c2 ON c2.dialled = left(t.external_number, 3) COLLATE "C"
LEFT JOIN ref.calling_codes c3 ON c3.dialled = left(t.external_number, 4) COLLATE "C"
LEFT JOIN ref.calling_codes c4 ON c4.dialled = left(t.external_number, 5) COLLATE "C"
LEFT JOIN ref.calling_codes c5 ON c5.dialled = left(t.external_number, 6) COLLATE "C"
LEFT JOIN ref.calling_codes c6 ON c6.dialled = left(t.external_number, 7) COLLATE "C"
LEFT JOIN ref.calling_codes c7 ON c7.dialled = left(t.external_number, 8) COLLATE "C"
CROSS JOIN LATERAL (
    SELECT coalesce(t.other_party_country_code, c7.country, c6.country, c5.country, c4.country, c3.country,
        c2.country, c1.country) AS external_country
) f;

-- Call records.

CREATE VIEW analytics.calls AS
SELECT
    c.tenant_id,
    c.id AS call_id,
    c.call_kind,
    c.call_kind_source,
    c.start_at,
    c.end_at,
    extract(epoch FROM c.end_at - c.start_at)::float8 AS duration_s,
    array_to_string(c.modalities, ',') AS modalities,
    c.organizer_identity_kind,
    c.organizer_identity_id,
    c.organizer_user_id,
    c.organizer_display_name,
    c.organizer_principal_name,
    (
        SELECT count(DISTINCT coalesce(p.identity_id, p.participant_id, p.participant_index::text))
        FROM teams.call_participants p
        WHERE p.tenant_id = c.tenant_id AND p.call_id = c.id
            AND NOT EXISTS (
                SELECT
                FROM ref.service_identities i
                WHERE i.identity_id = p.identity_id AND (i.tenant_id = p.tenant_id OR i.tenant_id IS NULL)
            )
    )::integer AS participant_count,
    c.session_count,
    c.version,
    coalesce(c.last_modified_at < now() - interval '4 hours', false) AS is_final
FROM live.calls c;

-- Those that Graph lists as participants, and those at the ends of sessions. One
-- who is served with a user id and without it counts by the rows that have it.
CREATE VIEW analytics.participants AS
SELECT
    x.tenant_id,
    x.call_id,
    x.identity_id,
    x.call_start_at,
    x.call_kind,
    max(x.identity_kind) AS identity_kind,
    x.user_id,
    max(x.display_name) AS display_name,
    max(x.principal_name) AS principal_name,
    max(x.identity_endpoint_type) AS identity_endpoint_type,
    coalesce(bool_or(x.identity_id = x.organizer), false) AS is_organizer
FROM (
    SELECT
        c.tenant_id, c.id AS call_id, c.start_at AS call_start_at, c.call_kind,
        coalesce(p.user_id::text, p.identity_id) AS identity_id, p.identity_kind, p.user_id, p.display_name,
        p.principal_name, p.identity_endpoint_type,
        coalesce(c.organizer_user_id::text, c.organizer_identity_id) AS organizer
    FROM live.calls c
    JOIN teams.call_participants p ON p.tenant_id = c.tenant_id AND p.call_id = c.id
    UNION ALL
    SELECT
        c.tenant_id, c.id, c.start_at, c.call_kind,
        coalesce(e.user_id::text, e.identity_id), e.identity_kind, e.user_id, e.display_name,
        e.principal_name, NULL,
        coalesce(c.organizer_user_id::text, c.organizer_identity_id)
    FROM live.calls c
    JOIN teams.session_endpoints e ON e.tenant_id = c.tenant_id AND e.call_id = c.id
) x
WHERE x.identity_id IS NOT NULL
GROUP BY x.tenant_id, x.call_id, x.call_start_at, x.call_kind, x.identity_id, x.user_id
HAVING x.user_id IS NOT NULL OR NOT EXISTS (
    SELECT
    FROM teams.call_participants p
    WHERE p.tenant_id = x.tenant_id AND p.call_id = x.call_id AND p.user_id::text = x.identity_id
    UNION ALL
    SELECT
    FROM teams.session_endpoints e
    WHERE e.tenant_id = x.tenant_id AND e.call_id = x.call_id AND e.user_id::text = x.identity_id
);

-- The planner orders eight joins at a time: those that people filter on come first.
CREATE VIEW analytics.call_quality_streams AS
SELECT
    t.tenant_id,
    t.call_id,
    t.session_index,
    t.segment_index,
    t.media_index,
    t.stream_index,
    t.call_start_at,
    s.session_id,
    g.segment_id,
    t.call_kind,
    t.media_kind,
    t.label,
    t.stream_direction,
    t.sender_side,
    CASE t.sender_side WHEN 'caller' THEN 'callee' WHEN 'callee' THEN 'caller' END AS receiver_side,
    coalesce(t.start_at, g.start_at) AS start_at,
    coalesce(t.end_at, g.end_at) AS end_at,
    extract(epoch FROM coalesce(t.end_at, g.end_at) - coalesce(t.start_at, g.start_at))::float8 AS duration_s,
    t.quality,
    analytics.poor_reasons(
        t.media_kind, t.packet_utilization, t.average_round_trip_time_ms, t.average_jitter_ms,
        t.average_packet_loss_rate, t.average_video_frame_loss_percentage, t.average_video_frame_rate,
        t.post_forward_error_correction_packet_loss_rate) AS poor_reasons,
    'cqd_2024' AS classifier,
    t.packet_utilization AS packets,
    t.average_round_trip_time_ms AS rtt_ms,
    t.average_jitter_ms AS jitter_ms,
    t.average_packet_loss_rate AS packet_loss,
    pa.user_id AS caller_user_id,
    pa.endpoint_type AS caller_endpoint_type,
    pa.platform AS caller_platform,
    ea.subnet AS caller_subnet,
    host(ea.reflexive_ip_address) AS caller_reflexive_ip,
    host(ea.relay_ip_address) AS caller_relay_ip,
    ea.connection_type AS caller_connection_type,
    ea.wifi_band AS caller_wifi_band,
    ea.network_transport_protocol AS caller_transport,
    ea.capture_device_name AS caller_capture_device,
    ea.render_device_name AS caller_render_device,
    pb.user_id AS callee_user_id,
    pb.endpoint_type AS callee_endpoint_type,
    pb.platform AS callee_platform,
    eb.subnet AS callee_subnet,
    host(eb.reflexive_ip_address) AS callee_reflexive_ip,
    host(eb.relay_ip_address) AS callee_relay_ip,
    eb.connection_type AS callee_connection_type,
    eb.wifi_band AS callee_wifi_band,
    eb.network_transport_protocol AS callee_transport,
    eb.capture_device_name AS callee_capture_device,
    eb.render_device_name AS callee_render_device,
    t.was_media_bypassed
FROM live.streams t
LEFT JOIN teams.segment_endpoints pa
    ON pa.tenant_id = t.tenant_id AND pa.call_id = t.call_id AND pa.session_index = t.session_index
    AND pa.segment_index = t.segment_index AND pa.side = 'caller'
LEFT JOIN teams.segment_endpoints pb
    ON pb.tenant_id = t.tenant_id AND pb.call_id = t.call_id AND pb.session_index = t.session_index
    AND pb.segment_index = t.segment_index AND pb.side = 'callee'
LEFT JOIN teams.media_endpoints ea
    ON ea.tenant_id = t.tenant_id AND ea.call_id = t.call_id AND ea.session_index = t.session_index
    AND ea.segment_index = t.segment_index AND ea.media_index = t.media_index AND ea.side = 'caller'
LEFT JOIN teams.media_endpoints eb
    ON eb.tenant_id = t.tenant_id AND eb.call_id = t.call_id AND eb.session_index = t.session_index
    AND eb.segment_index = t.segment_index AND eb.media_index = t.media_index AND eb.side = 'callee'
LEFT JOIN teams.segments g
    ON g.tenant_id = t.tenant_id AND g.call_id = t.call_id AND g.session_index = t.session_index
    AND g.segment_index = t.segment_index
LEFT JOIN teams.sessions s
    ON s.tenant_id = t.tenant_id AND s.call_id = t.call_id AND s.session_index = t.session_index;

-- Who was in a meeting, and for how long: sessions that overlap count once.
CREATE VIEW analytics.meeting_attendance AS
SELECT
    y.tenant_id,
    y.call_id,
    y.identity_id,
    y.call_start_at,
    y.identity_kind,
    y.user_id,
    y.display_name,
    y.principal_name,
    y.first_join_at,
    y.last_leave_at,
    coalesce((SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(y.present) r), 0)::float8 AS attended_s,
    coalesce((SELECT count(*) FROM unnest(y.present) r), 0)::integer AS joins,
    y.sessions,
    extract(epoch FROM y.first_join_at - y.call_start_at)::float8 AS late_s,
    y.is_organizer,
    y.platforms
FROM (
    SELECT
        c.tenant_id,
        c.id AS call_id,
        n.identity_id,
        c.start_at AS call_start_at,
        max(e.identity_kind) AS identity_kind,
        e.user_id,
        max(e.display_name) AS display_name,
        max(e.principal_name) AS principal_name,
        min(s.start_at) AS first_join_at,
        max(s.end_at) AS last_leave_at,
        range_agg(tstzrange(s.start_at, s.end_at)) FILTER (WHERE s.start_at < s.end_at) AS present,
        count(DISTINCT s.session_index)::integer AS sessions,
        coalesce(n.identity_id = coalesce(c.organizer_user_id::text, c.organizer_identity_id), false) AS is_organizer,
        string_agg(DISTINCT e.platform, ',' ORDER BY e.platform) AS platforms
    FROM live.calls c
    JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
    JOIN teams.session_endpoints e
        ON e.tenant_id = s.tenant_id AND e.call_id = s.call_id AND e.session_index = s.session_index
    CROSS JOIN LATERAL (SELECT coalesce(e.user_id::text, e.identity_id) AS identity_id) n
    WHERE c.call_kind = 'group' AND s.is_test IS NOT TRUE
        AND n.identity_id IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM ref.service_identities i
            WHERE i.identity_id = e.identity_id AND (i.tenant_id = e.tenant_id OR i.tenant_id IS NULL)
        )
    GROUP BY c.tenant_id, c.id, c.start_at, c.organizer_user_id, c.organizer_identity_id, n.identity_id, e.user_id
    HAVING e.user_id IS NOT NULL OR NOT EXISTS (
        SELECT
        FROM teams.session_endpoints o
        WHERE o.tenant_id = c.tenant_id AND o.call_id = c.id AND o.user_id::text = n.identity_id
    )
) y;

CREATE VIEW analytics.user_feedback AS
SELECT
    c.tenant_id,
    c.id AS call_id,
    e.session_index,
    e.side,
    c.start_at AS call_start_at,
    c.call_kind,
    e.user_id,
    e.platform,
    e.feedback_rating,
    e.feedback_text,
    e.feedback_tokens::text AS feedback_tokens
FROM live.calls c
JOIN teams.session_endpoints e ON e.tenant_id = c.tenant_id AND e.call_id = c.id
WHERE analytics.lower_ascii(e.feedback_rating) <> 'notrated'
    AND NOT EXISTS (
        SELECT
        FROM teams.sessions s
        WHERE s.is_test AND s.tenant_id = e.tenant_id AND s.call_id = e.call_id AND s.session_index = e.session_index
    );

-- Phone calls.

CREATE VIEW analytics.telephony_calls AS
SELECT
    t.tenant_id,
    t.source,
    t.source_row_id,
    t.call_id,
    t.provider,
    t.direction,
    t.scenario,
    t.call_type,
    t.user_id,
    t.user_principal_name,
    t.user_display_name,
    t.attempt_at,
    CASE WHEN t.answered THEN t.start_at END AS answered_at,
    t.ended_at,
    t.duration_s,
    t.answered,
    t.outcome,
    t.caller_number,
    t.callee_number,
    t.own_number,
    t.external_number,
    t.external_prefix,
    t.external_country,
    strpos(t.external_number, '*') > 0 AS is_number_masked,
    t.is_international,
    t.destination_context,
    t.destination_name,
    t.charge,
    t.connection_charge,
    CASE WHEN num_nonnulls(t.charge, t.connection_charge) > 0
        THEN coalesce(t.charge, 0) + coalesce(t.connection_charge, 0) END AS total_cost,
    t.currency,
    t.license_capability,
    t.inventory_type,
    t.operator,
    t.call_duration_source,
    t.trunk_fqdn,
    t.sip_code,
    t.ms_subcode,
    t.sip_phrase,
    t.answer_delay_s,
    t.setup_fail_s,
    t.correlation_id,
    t.conference_id,
    t.usage_country_code,
    array_to_string(t.administrative_unit_ids, ',') AS administrative_unit_ids
FROM live.telephony t;

CREATE VIEW analytics.emergency_calls AS
SELECT t.*
FROM analytics.telephony_calls t
WHERE t.scenario = 'emergency';

-- Microsoft's own export: its headings, in its order.
CREATE VIEW analytics.pstn_usage_export AS
SELECT
    p.id AS "UsageId",
    p.call_id AS "Call ID",
    p.conference_id AS "Conference ID",
    p.usage_country_code AS "User Location",
    p.user_id AS "AAD ObjectId",
    p.user_principal_name AS "UPN",
    p.user_display_name AS "User Display Name",
    p.caller_number AS "Caller ID",
    p.call_type AS "Call Type",
    p.inventory_type AS "Number Type",
    p.destination_context AS "Domestic/International",
    p.destination_name AS "Destination Dialed",
    p.callee_number AS "Destination Number",
    p.start_at AS "Start Time",
    p.end_at AS "End Time",
    p.duration_s AS "Duration Seconds",
    p.connection_charge AS "Connection Fee",
    p.charge AS "Charge",
    p.currency AS "Currency",
    p.license_capability AS "Capability",
    p.tenant_id
FROM teams.pstn_calls p;

-- The parts of calls: rows of the two logs, each with the call record it belongs to
-- and how that was found, and the sessions of call records. That there is a record is
-- all that is asked of it, so that its index alone is read.
CREATE VIEW analytics.call_legs AS
SELECT
    t.tenant_id,
    t.call_id,
    t.source AS leg_source,
    t.source_row_id,
    NULL::integer AS session_index,
    t.attempt_at AS call_start_at,
    t.attempt_at AS start_at,
    t.ended_at AS end_at,
    t.caller_number AS from_identity,
    t.callee_number AS to_identity,
    t.call_type,
    t.scenario,
    t.outcome,
    t.trunk_fqdn,
    t.transferor_correlation_id AS transferred_from_call_id,
    CASE
        WHEN t.source = 'pstn' THEN coalesce(t.match_method, 'none')
        WHEN c.id IS NOT NULL THEN 'correlation_id'
        ELSE 'none'
    END AS match_method,
    t.match_score
FROM live.telephony t
LEFT JOIN teams.call_records c ON c.tenant_id = t.tenant_id AND c.id = t.correlation_id
UNION ALL
SELECT
    c.tenant_id,
    c.id,
    'session',
    NULL,
    s.session_index,
    c.start_at,
    s.start_at,
    s.end_at,
    coalesce(a.display_name, a.identity_id, a.service_role),
    coalesce(b.display_name, b.identity_id, b.service_role),
    NULL,
    NULL,
    CASE WHEN s.end_at > s.start_at THEN 'answered' ELSE 'not_answered' END,
    NULL,
    NULL,
    'session',
    NULL
FROM live.calls c
JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
LEFT JOIN teams.session_endpoints a
    ON a.tenant_id = s.tenant_id AND a.call_id = s.call_id AND a.session_index = s.session_index
    AND a.side = 'caller'
LEFT JOIN teams.session_endpoints b
    ON b.tenant_id = s.tenant_id AND b.call_id = s.call_id AND b.session_index = s.session_index
    AND b.side = 'callee';

-- Calls to people, queues and auto attendants. Four sources, each call in one.
CREATE VIEW analytics.inbound_calls AS
SELECT
    x.tenant_id,
    x.source,
    x.call_id,
    x.source_row_id,
    x.user_id,
    x.call_start_at,
    x.scenario,
    x.callee_identity_id,
    x.answered,
    x.missed,
    x.failed,
    x.reason,
    x.ring_s,
    x.wait_s,
    EXISTS (
        SELECT
        FROM teams.session_endpoints e
        WHERE e.tenant_id = x.tenant_id AND e.call_id = x.call_id
            AND analytics.lower_ascii(e.service_role) = 'voicemail'
    ) OR EXISTS (
        SELECT
        FROM teams.call_participants p
        WHERE p.tenant_id = x.tenant_id AND p.call_id = x.call_id
            AND analytics.lower_ascii(p.identity_endpoint_type) = 'voicemail'
    ) AS went_to_voicemail,
    x.is_short,
    coalesce(x.is_final, false) AS is_final
FROM (
    -- Phone calls over Direct Routing, but for those that a voice app took.
    SELECT
        t.tenant_id,
        t.source,
        t.correlation_id AS call_id,
        t.source_row_id,
        t.user_id,
        t.attempt_at AS call_start_at,
        t.scenario,
        t.user_id::text COLLATE "C" AS callee_identity_id,
        coalesce(t.answered, false) AS answered,
        coalesce(t.outcome IN ('user_busy', 'ring_no_answer', 'terminal_reject'), false) AS missed,
        coalesce(t.outcome IN ('bad_number', 'network_failure'), false) AS failed,
        CASE WHEN NOT t.answered THEN t.outcome END AS reason,
        t.setup_fail_s AS ring_s,
        NULL::float8 AS wait_s,
        t.setup_fail_s < 5 AS is_short,
        t.attempt_at < e.watermark AS is_final
    FROM live.telephony t
    LEFT JOIN ingest.endpoints e ON e.tenant_id = t.tenant_id AND e.endpoint = 'direct_routing_calls'
    WHERE t.source = 'direct_routing' AND t.direction = 'inbound'
        AND NOT EXISTS (
            SELECT
            FROM live.voice_calls v
            WHERE v.tenant_id = t.tenant_id AND v.call_id = t.correlation_id
        )
    UNION ALL
    -- Phone calls without Direct Routing that belong to no call record.
    SELECT
        t.tenant_id,
        t.source,
        NULL,
        t.source_row_id,
        t.user_id,
        t.attempt_at,
        t.scenario,
        t.user_id::text COLLATE "C",
        coalesce(t.answered, false),
        coalesce(NOT t.answered, false),
        false,
        CASE WHEN NOT t.answered THEN t.outcome END,
        NULL,
        NULL,
        NULL,
        t.attempt_at < e.watermark
    FROM live.telephony t
    LEFT JOIN ingest.endpoints e ON e.tenant_id = t.tenant_id AND e.endpoint = 'pstn_calls'
    WHERE t.source = 'pstn' AND t.direction = 'inbound'
        AND NOT EXISTS (
            SELECT
            FROM rollup.pstn_matches m
            WHERE m.tenant_id = t.tenant_id AND m.id = t.source_row_id AND m.start_at = t.attempt_at
        )
    UNION ALL
    -- Calls from one person to another, and from a phone that the logs above lack.
    SELECT
        y.tenant_id,
        'call_record',
        y.call_id,
        NULL,
        y.user_id,
        y.call_start_at,
        'user',
        y.user_id::text COLLATE "C",
        y.answered,
        NOT y.answered,
        false,
        CASE WHEN y.answered THEN NULL WHEN y.setup_failed THEN 'call_setup' ELSE 'not_answered' END,
        NULL,
        NULL,
        NULL,
        y.last_modified_at < now() - interval '4 hours'
    FROM (
        SELECT
            c.tenant_id,
            c.id AS call_id,
            c.start_at AS call_start_at,
            c.last_modified_at,
            e.user_id,
            coalesce(bool_or(
                s.end_at > s.start_at AND analytics.lower_ascii(s.failure_stage) IS DISTINCT FROM 'callsetup'), false)
                AS answered,
            bool_or(analytics.lower_ascii(s.failure_stage) = 'callsetup') AS setup_failed
        FROM live.calls c
        JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
        JOIN teams.session_endpoints e
            ON e.tenant_id = s.tenant_id AND e.call_id = s.call_id AND e.session_index = s.session_index
            AND e.side = 'callee' AND e.user_id IS NOT NULL
        WHERE c.call_kind = 'p2p' AND s.is_test IS NOT TRUE
            AND NOT EXISTS (
                SELECT
                FROM teams.direct_routing_calls r
                WHERE r.correlation_id = c.id AND r.tenant_id = c.tenant_id
            )
            AND NOT EXISTS (
                SELECT
                FROM live.voice_calls v
                WHERE v.tenant_id = c.tenant_id AND v.call_id = c.id
            )
        GROUP BY c.tenant_id, c.id, c.start_at, c.last_modified_at, e.user_id
    ) y
    UNION ALL
    -- Calls to a queue or an auto attendant: answered by the first person who talks
    -- as the caller of a session. The organizer is the queue's own account.
    SELECT
        y.tenant_id,
        'call_record',
        y.call_id,
        NULL,
        NULL,
        y.call_start_at,
        'voice_app',
        y.organizer_identity_id,
        y.first_agent_at IS NOT NULL,
        y.first_agent_at IS NULL,
        false,
        CASE WHEN y.first_agent_at IS NULL THEN 'no_agent' END,
        NULL,
        extract(epoch FROM y.first_agent_at - y.call_start_at)::float8,
        extract(epoch FROM y.end_at - y.call_start_at) < 5,
        y.last_modified_at < now() - interval '4 hours'
    FROM (
        SELECT
            c.tenant_id,
            c.id AS call_id,
            c.start_at AS call_start_at,
            c.end_at,
            c.last_modified_at,
            c.organizer_identity_id,
            min(s.start_at) FILTER (
                WHERE s.end_at > s.start_at AND a.user_id IS NOT NULL AND a.display_name IS NOT NULL
                    AND (a.user_id = c.organizer_user_id) IS NOT TRUE
                    AND (a.identity_id = c.organizer_identity_id) IS NOT TRUE
                    AND analytics.is_voice_app(b.service_role, b.user_agent_header) IS NOT TRUE
            ) AS first_agent_at
        FROM live.calls c
        JOIN live.voice_calls v ON v.tenant_id = c.tenant_id AND v.call_id = c.id
        JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
        LEFT JOIN teams.session_endpoints a
            ON a.tenant_id = s.tenant_id AND a.call_id = s.call_id AND a.session_index = s.session_index
            AND a.side = 'caller'
        LEFT JOIN teams.session_endpoints b
            ON b.tenant_id = s.tenant_id AND b.call_id = s.call_id AND b.session_index = s.session_index
            AND b.side = 'callee'
        WHERE s.is_test IS NOT TRUE
        GROUP BY c.tenant_id, c.id, c.start_at, c.end_at, c.last_modified_at, c.organizer_identity_id
    ) y
) x
WHERE NOT EXISTS (
    SELECT
    FROM ref.service_identities i
    WHERE i.identity_id = x.callee_identity_id AND (i.tenant_id = x.tenant_id OR i.tenant_id IS NULL)
);

CREATE VIEW analytics.missed_calls AS
SELECT
    i.tenant_id,
    i.source,
    i.call_id,
    i.source_row_id,
    i.user_id,
    i.call_start_at,
    i.scenario,
    i.callee_identity_id,
    i.reason,
    i.ring_s,
    i.wait_s,
    i.went_to_voicemail,
    i.is_short,
    i.is_final
FROM analytics.inbound_calls i
WHERE i.missed;

-- Users whom the newest row about them says to be blocked.
CREATE VIEW analytics.blocked_users_current AS
SELECT
    n.tenant_id,
    n.user_id,
    n.block_at AS blocked_since,
    n.block_reason AS reason,
    n.user_telephone_number AS number
FROM (
    SELECT DISTINCT ON (b.tenant_id, b.user_id) b.*
    FROM teams.pstn_blocked_users_log b
    WHERE b.user_id IS NOT NULL
    ORDER BY b.tenant_id, b.user_id, b.block_at DESC NULLS LAST,
        (analytics.lower_ascii(b.user_block_mode) = 'unblocked') DESC NULLS LAST
) n
WHERE analytics.lower_ascii(n.user_block_mode) = 'blocked';

CREATE VIEW analytics.dialout_cost AS
SELECT
    r.tenant_id,
    (r.window_from AT TIME ZONE 'UTC')::date AS day,
    r.user_id,
    r.usage_location,
    r.destination_context,
    r.currency,
    r.total_calls AS calls,
    r.total_call_seconds AS seconds,
    r.total_call_charge AS charge,
    round(r.total_call_charge / nullif(r.total_calls, 0), 4) AS cost_per_call,
    round(r.total_call_charge / nullif(r.total_call_seconds / 60.0, 0), 4) AS cost_per_minute,
    coalesce(r.window_to <= e.watermark, false) AS is_final
FROM teams.dialout_report r
LEFT JOIN ingest.endpoints e ON e.tenant_id = r.tenant_id AND e.endpoint = 'dialout_report' AND e.enabled;

-- People and days.

CREATE VIEW analytics.users AS
SELECT
    u.tenant_id,
    u.user_id,
    u.display_name,
    u.principal_name,
    o.department,
    o.cost_center
FROM teams.users u
LEFT JOIN LATERAL (
    SELECT g.department, g.cost_center
    FROM ref.org_units g
    WHERE g.user_id = u.user_id AND (g.tenant_id = u.tenant_id OR g.tenant_id IS NULL)
        AND g.valid_from <= (now() AT TIME ZONE (SELECT report_timezone FROM ref.settings))::date
    ORDER BY g.tenant_id NULLS LAST, g.valid_from DESC
    LIMIT 1
) o ON true;

-- Whole years, as date tables of reports are to be.
CREATE VIEW analytics.days AS
SELECT
    d::date AS day,
    date_trunc('week', d)::date AS week,
    date_trunc('month', d)::date AS month,
    date_trunc('quarter', d)::date AS quarter,
    extract(year FROM d)::integer AS year,
    extract(isodow FROM d)::integer AS day_of_week,
    extract(isodow FROM d) > 5 AS is_weekend,
    ref.midnight(d, s.report_timezone) AS from_at,
    ref.midnight(d + interval '1 day', s.report_timezone) AS to_at
FROM ref.settings s
CROSS JOIN (SELECT min(day)::timestamp AS first, max(day)::timestamp AS last FROM ref.days) span
CROSS JOIN generate_series(
    date_trunc('year', span.first),
    date_trunc('year', span.last) + interval '1 year - 1 day',
    interval '1 day') d;

UPDATE ingest.schema_version SET version = 13;
