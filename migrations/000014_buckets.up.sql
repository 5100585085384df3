-- Views of hours, days and months. Each is made of three parts:
--
--   live.x       computes it from teams. The calendar drives: one LATERAL
--                subquery per hour or day aggregates inside, so that a condition
--                on the bucket reaches the index on time.
--   rollup.x     keeps its rows, made anew where data has changed. rollup.views
--                says which endpoints that depends on.
--   analytics.x  reads the rollup, and joins what acts at once: targets,
--                departments, pools, meanings, and whether the bucket is final.
--
-- Measured values are averaged as numeric: a sum of floating-point numbers depends
-- on the order of rows, and the same rows have to give the same figure.

-- Until when all is here that a view is made of: the least watermark of the
-- endpoints that are switched on, the last hour before it and the day it is in. Hours
-- up to that one are final, and days before that one. These are worked out here, once
-- for a tenant and view, and only compared for each row. A tenant that has no such
-- endpoint has no row.
CREATE VIEW live.complete_through AS
SELECT
    e.tenant_id,
    v.name,
    min(e.watermark) AS complete_through,
    min(e.watermark) - interval '1 hour' AS hour,
    (min(e.watermark) AT TIME ZONE (SELECT report_timezone FROM ref.settings))::date AS day
FROM rollup.views v
JOIN ingest.endpoints e ON e.endpoint = ANY (v.sources)
WHERE e.enabled
GROUP BY e.tenant_id, v.name;


-- Quality.

CREATE VIEW live.poor_stream_rate_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.media_kind,
    x.call_kind,
    x.streams,
    x.good,
    x.poor,
    x.unclassified,
    analytics.pct(x.poor, x.good + x.poor) AS poor_pct,
    analytics.pct(x.poor, x.streams)       AS poor_pct_all
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        s.tenant_id,
        s.media_kind,
        s.call_kind,
        count(*)                                            AS streams,
        count(*) FILTER (WHERE s.quality = 'good')          AS good,
        count(*) FILTER (WHERE s.quality = 'poor')          AS poor,
        count(*) FILTER (WHERE s.quality = 'unclassified')  AS unclassified
    FROM live.streams s
    WHERE s.call_start_at >= d.from_at AND s.call_start_at < d.to_at
    GROUP BY s.tenant_id, s.media_kind, s.call_kind
) x;

CREATE TABLE rollup.poor_stream_rate_daily AS TABLE live.poor_stream_rate_daily WITH NO DATA;
CREATE INDEX ON rollup.poor_stream_rate_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('poor_stream_rate_daily', '{call_records}');

CREATE VIEW analytics.poor_stream_rate_daily AS
SELECT
    x.*,
    t.poor_pct                                      AS target_pct,
    coalesce(x.day < c.day, false)  AS is_final
FROM rollup.poor_stream_rate_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'poor_stream_rate_daily'
LEFT JOIN LATERAL (
    SELECT q.poor_pct
    FROM ref.quality_targets q
    WHERE q.media_kind = x.media_kind AND q.call_kind = x.call_kind
        AND (q.tenant_id = x.tenant_id OR q.tenant_id IS NULL)
    ORDER BY q.tenant_id NULLS LAST
    LIMIT 1
) t ON x.media_kind = 'audio';

CREATE VIEW live.call_reliability_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.call_kind,
    x.segments,
    x.setup_failed,
    x.dropped,
    analytics.pct(x.setup_failed, x.segments)            AS setup_failure_pct,
    analytics.pct(x.dropped, x.segments - x.setup_failed) AS drop_pct
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        c.tenant_id,
        c.call_kind,
        count(*)                                                       AS segments,
        count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'callsetup')   AS setup_failed,
        count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'midcall')     AS dropped
    FROM live.calls c
    JOIN teams.segments g ON g.tenant_id = c.tenant_id AND g.call_id = c.id
    WHERE c.start_at >= d.from_at AND c.start_at < d.to_at
        AND NOT EXISTS (
            SELECT
            FROM teams.sessions s
            WHERE s.is_test
                AND s.tenant_id = g.tenant_id AND s.call_id = g.call_id AND s.session_index = g.session_index
        )
    GROUP BY c.tenant_id, c.call_kind
) x;

CREATE TABLE rollup.call_reliability_daily AS TABLE live.call_reliability_daily WITH NO DATA;
CREATE INDEX ON rollup.call_reliability_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('call_reliability_daily', '{call_records}');

CREATE VIEW analytics.call_reliability_daily AS
SELECT
    x.*,
    t.setup_failure_pct                             AS setup_failure_target_pct,
    t.drop_pct                                      AS drop_target_pct,
    coalesce(x.day < c.day, false)  AS is_final
FROM rollup.call_reliability_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'call_reliability_daily'
LEFT JOIN LATERAL (
    SELECT q.setup_failure_pct, q.drop_pct
    FROM ref.quality_targets q
    WHERE q.media_kind = 'audio' AND q.call_kind = x.call_kind
        AND (q.tenant_id = x.tenant_id OR q.tenant_id IS NULL)
    ORDER BY q.tenant_id NULLS LAST
    LIMIT 1
) t ON true;

-- to_float8 returns a number in floating point: 0 where it is too small for that, null
-- where it is too large. A cast would fail, and one such row would stop the whole view.
CREATE FUNCTION live.to_float8(number numeric) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(number) < 1e-300 THEN 0
    WHEN abs(number) < 1e300 THEN number::float8
END;

CREATE VIEW live.device_quality_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.role,
    x.device,
    x.driver,
    x.streams,
    x.users,
    analytics.pct(x.poor, x.good + x.poor) AS poor_pct,
    x.capture_not_functioning_event_ratio,
    x.cpu_insufficent_event_ratio,
    x.device_clipping_event_ratio,
    x.device_glitch_event_ratio,
    x.low_speech_level_event_ratio,
    x.low_speech_to_noise_event_ratio,
    x.render_mute_event_ratio,
    x.render_not_functioning_event_ratio,
    x.render_zero_volume_event_ratio,
    x.mic_glitch_rate,
    x.howling_events,
    x.speaker_glitch_rate
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        s.tenant_id,
        CASE WHEN s.sends THEN 'capture' ELSE 'render' END                              AS role,
        CASE WHEN s.sends THEN s.capture_device_name ELSE s.render_device_name END      AS device,
        CASE WHEN s.sends THEN s.capture_device_driver ELSE s.render_device_driver END  AS driver,
        count(*)                                    AS streams,
        count(DISTINCT s.person_id)                 AS users,
        count(*) FILTER (WHERE s.quality = 'good')  AS good,
        count(*) FILTER (WHERE s.quality = 'poor')  AS poor,
        live.to_float8(avg(s.capture_not_functioning_event_ratio::numeric))  AS capture_not_functioning_event_ratio,
        live.to_float8(avg(s.cpu_insufficent_event_ratio::numeric))          AS cpu_insufficent_event_ratio,
        live.to_float8(avg(s.device_clipping_event_ratio::numeric))          AS device_clipping_event_ratio,
        live.to_float8(avg(s.device_glitch_event_ratio::numeric))            AS device_glitch_event_ratio,
        live.to_float8(avg(s.low_speech_level_event_ratio::numeric))         AS low_speech_level_event_ratio,
        live.to_float8(avg(s.low_speech_to_noise_event_ratio::numeric))      AS low_speech_to_noise_event_ratio,
        live.to_float8(avg(s.render_mute_event_ratio::numeric))              AS render_mute_event_ratio,
        live.to_float8(avg(s.render_not_functioning_event_ratio::numeric))   AS render_not_functioning_event_ratio,
        live.to_float8(avg(s.render_zero_volume_event_ratio::numeric))       AS render_zero_volume_event_ratio,
        live.to_float8(avg(CASE WHEN s.sends THEN s.mic_glitch_rate::numeric END))          AS mic_glitch_rate,
        sum(CASE WHEN s.sends THEN s.howling_event_count END)                               AS howling_events,
        live.to_float8(avg(CASE WHEN NOT s.sends THEN s.speaker_glitch_rate::numeric END))  AS speaker_glitch_rate
    FROM live.sided_streams s
    WHERE s.call_start_at >= d.from_at AND s.call_start_at < d.to_at
        AND s.media_kind = 'audio' AND s.sends IS NOT NULL
    GROUP BY s.tenant_id, role, device, driver
) x
WHERE x.device IS NOT NULL;

CREATE TABLE rollup.device_quality_daily AS TABLE live.device_quality_daily WITH NO DATA;
CREATE INDEX ON rollup.device_quality_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('device_quality_daily', '{call_records}');

CREATE VIEW analytics.device_quality_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.device_quality_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'device_quality_daily';

-- to_inet reads an address, without a prefix length; null where the text is none.
-- Nothing reaches the cast that it would refuse: one such row would stop the whole
-- view.
CREATE FUNCTION live.to_inet(address text) RETURNS inet
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN address ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])([.](?!$)|$)){4}$'
        -- IPv6: eight groups of digits, or fewer and one empty place.
        OR address ~* '^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$'
        OR address ~* '^([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}$'
            AND address ~ '::' AND address !~ ':::|::.*::|^:[^:]|[^:]:$'
    THEN address::inet
END;

-- is_common_subnet reports whether so many homes share a subnet that it names no
-- place.
CREATE FUNCTION live.is_common_subnet(subnet text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN split_part(subnet, '/', 1) IN ('10.0.0.0', '192.168.0.0', '192.168.1.0', '192.168.2.0', '172.20.10.0',
    '192.168.43.0');

-- Each stream once in the network of each side that is a participant. The site is
-- looked up once for each group.
CREATE VIEW live.network_subnet_quality_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.media_kind,
    w.site,
    x.subnet,
    x.public_ip,
    x.connection_type,
    x.wifi_band,
    x.transport,
    x.streams,
    x.users,
    x.good,
    x.poor,
    analytics.pct(x.poor, x.good + x.poor)  AS poor_pct,
    x.rtt_avg_ms,
    x.rtt_p95_ms,
    x.jitter_avg_ms,
    x.packet_loss_avg,
    analytics.pct(x.tcp, x.streams)         AS tcp_pct,
    analytics.lower_ascii(x.connection_type) = 'tunnel' OR coalesce(w.is_vpn, false) AS is_vpn,
    live.is_common_subnet(x.subnet)         AS is_common_subnet
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        s.tenant_id,
        s.media_kind,
        s.subnet,
        CASE WHEN live.is_common_subnet(s.subnet) THEN host(s.reflexive_ip_address) END AS public_ip,
        s.connection_type,
        s.wifi_band,
        s.network_transport_protocol                                            AS transport,
        count(*)                                                                AS streams,
        count(DISTINCT s.person_id)                                             AS users,
        count(*) FILTER (WHERE s.quality = 'good')                              AS good,
        count(*) FILTER (WHERE s.quality = 'poor')                              AS poor,
        live.to_float8(avg(s.average_round_trip_time_ms::numeric))              AS rtt_avg_ms,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY s.average_round_trip_time_ms) AS rtt_p95_ms,
        live.to_float8(avg(s.average_jitter_ms::numeric))                       AS jitter_avg_ms,
        live.to_float8(avg(s.average_packet_loss_rate::numeric))                AS packet_loss_avg,
        count(*) FILTER (WHERE analytics.lower_ascii(s.network_transport_protocol) = 'tcp')     AS tcp
    FROM live.sided_streams s
    WHERE s.call_start_at >= d.from_at AND s.call_start_at < d.to_at
    GROUP BY s.subnet, public_ip, s.media_kind, s.connection_type, s.wifi_band, transport, s.tenant_id
) x
LEFT JOIN LATERAL (
    SELECT l.site, l.is_vpn
    FROM ref.site_subnets l
    WHERE l.network >>= live.to_inet(split_part(x.subnet, '/', 1))
        AND (l.tenant_id = x.tenant_id OR l.tenant_id IS NULL)
    ORDER BY masklen(l.network) DESC, l.tenant_id NULLS LAST
    LIMIT 1
) w ON true;

CREATE TABLE rollup.network_subnet_quality_daily AS TABLE live.network_subnet_quality_daily WITH NO DATA;
CREATE INDEX ON rollup.network_subnet_quality_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('network_subnet_quality_daily', '{call_records}');

CREATE VIEW analytics.network_subnet_quality_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.network_subnet_quality_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'network_subnet_quality_daily';

-- Sessions are counted by their own endpoints and streams by their segments', which
-- can be others.
CREATE VIEW live.client_quality_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.platform,
    x.product_family,
    x.application_version,
    x.users,
    x.sessions,
    x.streams,
    analytics.pct(x.poor, x.good + x.poor)      AS poor_pct,
    analytics.pct(x.setup_failed, x.sessions)   AS setup_failure_pct
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        u.tenant_id,
        u.platform,
        u.product_family,
        u.application_version,
        count(DISTINCT u.person_id)     AS users,
        sum(u.sessions)::bigint         AS sessions,
        sum(u.setup_failed)::bigint     AS setup_failed,
        sum(u.streams)::bigint          AS streams,
        sum(u.good)::bigint             AS good,
        sum(u.poor)::bigint             AS poor
    FROM (
        SELECT e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id,
            count(*) AS sessions,
            count(*) FILTER (WHERE analytics.lower_ascii(s.failure_stage) = 'callsetup') AS setup_failed,
            0 AS streams, 0 AS good, 0 AS poor
        FROM live.calls c
        JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
        JOIN live.session_endpoints e
            ON e.tenant_id = s.tenant_id AND e.call_id = s.call_id AND e.session_index = s.session_index
        WHERE c.start_at >= d.from_at AND c.start_at < d.to_at
            AND s.is_test IS NOT TRUE AND e.endpoint_type = 'participant'
        GROUP BY e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id
        UNION ALL
        SELECT e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id,
            0, 0,
            count(*),
            count(*) FILTER (WHERE s.quality = 'good'),
            count(*) FILTER (WHERE s.quality = 'poor')
        FROM live.streams s
        JOIN live.segment_endpoints e
            ON e.tenant_id = s.tenant_id AND e.call_id = s.call_id
            AND e.session_index = s.session_index AND e.segment_index = s.segment_index
        WHERE s.call_start_at >= d.from_at AND s.call_start_at < d.to_at
            AND e.endpoint_type = 'participant'
        GROUP BY e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id
    ) u
    GROUP BY u.tenant_id, u.platform, u.product_family, u.application_version
) x;

CREATE TABLE rollup.client_quality_daily AS TABLE live.client_quality_daily WITH NO DATA;
CREATE INDEX ON rollup.client_quality_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('client_quality_daily', '{call_records}');

CREATE VIEW analytics.client_quality_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.client_quality_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'client_quality_daily';

CREATE VIEW live.user_feedback_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.call_kind,
    x.platform,
    x.rated,
    x.poor,
    analytics.pct(x.poor, x.rated) AS poor_pct,
    x.avg_rating
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        f.tenant_id,
        f.call_kind,
        f.platform,
        count(*)                                                               AS rated,
        count(*) FILTER (WHERE analytics.lower_ascii(f.feedback_rating) IN ('bad', 'poor'))    AS poor,
        round(avg(array_position(
            ARRAY['bad', 'poor', 'fair', 'good', 'excellent'], analytics.lower_ascii(f.feedback_rating))), 2)
            AS avg_rating
    FROM analytics.user_feedback f
    WHERE f.call_start_at >= d.from_at AND f.call_start_at < d.to_at
    GROUP BY f.tenant_id, f.call_kind, f.platform
) x;

CREATE TABLE rollup.user_feedback_daily AS TABLE live.user_feedback_daily WITH NO DATA;
CREATE INDEX ON rollup.user_feedback_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('user_feedback_daily', '{call_records}');

CREATE VIEW analytics.user_feedback_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.user_feedback_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'user_feedback_daily';


-- Telephony.

-- Phone calls with the user, null for services that phone like a person.
CREATE VIEW live.phone_calls AS
SELECT
    t.*,
    CASE
        WHEN t.user_id::text IN (SELECT i.identity_id FROM ref.service_identities i WHERE i.tenant_id IS NULL)
            OR (t.tenant_id, t.user_id::text) IN (
                SELECT i.tenant_id, i.identity_id
                FROM ref.service_identities i
                WHERE i.tenant_id IS NOT NULL
            )
        THEN NULL
        ELSE t.user_id
    END AS person_id
FROM analytics.telephony_calls t;

CREATE VIEW live.call_volume_hourly AS
SELECT
    x.tenant_id,
    h.hour,
    x.provider,
    x.direction,
    x.scenario,
    x.attempts,
    x.answered,
    x.duration_s,
    x.users,
    h.day_of_week,
    h.hour_of_day,
    h.day,
    h.hour AT TIME ZONE (SELECT report_timezone FROM ref.settings) AS hour_local
FROM ref.hours h
CROSS JOIN LATERAL (
    SELECT
        t.tenant_id,
        t.provider,
        t.direction,
        t.scenario,
        count(*)                            AS attempts,
        count(*) FILTER (WHERE t.answered)  AS answered,
        sum(t.duration_s)                   AS duration_s,
        count(DISTINCT t.person_id)         AS users
    FROM live.phone_calls t
    WHERE t.attempt_at >= h.from_at AND t.attempt_at < h.to_at
    GROUP BY t.tenant_id, t.provider, t.direction, t.scenario
) x;

CREATE TABLE rollup.call_volume_hourly AS TABLE live.call_volume_hourly WITH NO DATA;
CREATE INDEX ON rollup.call_volume_hourly (day);
CREATE INDEX ON rollup.call_volume_hourly (hour);
INSERT INTO rollup.views (name, sources) VALUES ('call_volume_hourly', '{pstn_calls,direct_routing_calls}');

CREATE VIEW analytics.call_volume_hourly AS
SELECT
    x.*,
    coalesce(x.hour <= c.hour, false) AS is_final
FROM rollup.call_volume_hourly x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'call_volume_hourly';

CREATE VIEW live.direct_routing_health_hourly AS
SELECT
    x.tenant_id,
    h.hour,
    x.trunk_fqdn,
    x.direction,
    x.attempts,
    x.answered,
    analytics.pct(x.answered, x.attempts)   AS asr_pct,
    x.busy,
    x.no_answer,
    x.rejected,
    x.bad_number,
    x.network_failures,
    x.delivered,
    analytics.pct(x.delivered, x.attempts)  AS ner_pct,
    x.avg_duration_s,
    x.short_calls_under_5s,
    x.short_calls_under_60s,
    x.answer_delay_p50_s,
    x.answer_delay_p95_s,
    x.attempts < 100                        AS is_low_sample,
    h.day,
    h.hour AT TIME ZONE (SELECT report_timezone FROM ref.settings) AS hour_local
FROM ref.hours h
CROSS JOIN LATERAL (
    SELECT
        t.tenant_id,
        t.trunk_fqdn,
        t.direction,
        count(*)                                                        AS attempts,
        count(*) FILTER (WHERE t.outcome = 'answered')                  AS answered,
        count(*) FILTER (WHERE t.outcome = 'user_busy')                 AS busy,
        count(*) FILTER (WHERE t.outcome = 'ring_no_answer')            AS no_answer,
        count(*) FILTER (WHERE t.outcome = 'terminal_reject')           AS rejected,
        count(*) FILTER (WHERE t.outcome = 'bad_number')                AS bad_number,
        count(*) FILTER (WHERE t.outcome = 'network_failure')           AS network_failures,
        count(*) FILTER (WHERE t.outcome IN ('answered', 'user_busy', 'ring_no_answer', 'terminal_reject'))
                                                                        AS delivered,
        round(avg(t.duration_s) FILTER (WHERE t.answered), 2)           AS avg_duration_s,
        count(*) FILTER (WHERE t.answered AND t.duration_s < 5)         AS short_calls_under_5s,
        count(*) FILTER (WHERE t.answered AND t.duration_s < 60)        AS short_calls_under_60s,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY t.answer_delay_s)   AS answer_delay_p50_s,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY t.answer_delay_s)  AS answer_delay_p95_s
    FROM analytics.telephony_calls t
    WHERE t.source = 'direct_routing' AND t.attempt_at >= h.from_at AND t.attempt_at < h.to_at
    GROUP BY t.tenant_id, t.trunk_fqdn, t.direction
) x;

CREATE TABLE rollup.direct_routing_health_hourly AS TABLE live.direct_routing_health_hourly WITH NO DATA;
CREATE INDEX ON rollup.direct_routing_health_hourly (day);
CREATE INDEX ON rollup.direct_routing_health_hourly (hour);
INSERT INTO rollup.views (name, sources) VALUES ('direct_routing_health_hourly', '{direct_routing_calls}');

CREATE VIEW analytics.direct_routing_health_hourly AS
SELECT
    x.*,
    coalesce(x.hour <= c.hour, false) AS is_final
FROM rollup.direct_routing_health_hourly x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'direct_routing_health_hourly';

CREATE VIEW live.direct_routing_failures_hourly AS
SELECT
    x.tenant_id,
    h.hour,
    x.trunk_fqdn,
    x.direction,
    x.sip_code,
    x.ms_subcode,
    x.calls,
    x.users,
    x.phrase,
    x.outcome,
    analytics.blame(x.ms_subcode) AS blame,
    h.day,
    h.hour AT TIME ZONE (SELECT report_timezone FROM ref.settings) AS hour_local
FROM ref.hours h
CROSS JOIN LATERAL (
    SELECT
        t.tenant_id,
        t.trunk_fqdn,
        t.direction,
        t.sip_code,
        t.ms_subcode,
        t.outcome,
        count(*)            AS calls,
        count(DISTINCT t.person_id) AS users,
        min(t.sip_phrase)   AS phrase
    FROM live.phone_calls t
    WHERE t.source = 'direct_routing' AND NOT t.answered
        AND t.attempt_at >= h.from_at AND t.attempt_at < h.to_at
    GROUP BY t.tenant_id, t.trunk_fqdn, t.direction, t.sip_code, t.ms_subcode, t.outcome
) x;

CREATE TABLE rollup.direct_routing_failures_hourly AS TABLE live.direct_routing_failures_hourly WITH NO DATA;
CREATE INDEX ON rollup.direct_routing_failures_hourly (day);
CREATE INDEX ON rollup.direct_routing_failures_hourly (hour);
INSERT INTO rollup.views (name, sources) VALUES ('direct_routing_failures_hourly', '{direct_routing_calls}');

CREATE VIEW analytics.direct_routing_failures_hourly AS
SELECT
    x.tenant_id,
    x.hour,
    x.trunk_fqdn,
    x.direction,
    x.sip_code,
    x.ms_subcode,
    x.calls,
    x.users,
    x.phrase,
    x.outcome,
    x.blame,
    m.meaning,
    m.action,
    x.day,
    x.hour_local,
    coalesce(x.hour <= c.hour, false) AS is_final
FROM rollup.direct_routing_failures_hourly x
LEFT JOIN ref.ms_subcodes m ON m.sip_code = x.sip_code AND m.sub_reason = x.ms_subcode
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'direct_routing_failures_hourly';

-- How many calls were up at once. Each day is walked through from event to event: a
-- call begins, a call ends, an hour begins. Between two events the number is the
-- same, so that number times length adds up to the time occupied. Calls of the day
-- before carry over, for at most 24 hours from their answer, before which they may
-- ring for ten minutes. Scopes are numbered, as rows are sorted faster by a number than
-- by three texts.
CREATE VIEW live.concurrent_calls_hourly AS
SELECT
    x.tenant_id,
    x.hour,
    x.scope_type,
    x.scope,
    x.peak,
    x.erlangs,
    analytics.erlang_channels(x.erlangs, 0.01) AS channels_for_1pct_blocking,
    x.is_busy_hour,
    d.day,
    x.hour AT TIME ZONE (SELECT report_timezone FROM ref.settings) AS hour_local
FROM ref.days d
CROSS JOIN LATERAL (
    WITH calls AS (
        SELECT
            t.tenant_id,
            t.trunk_fqdn,
            t.provider,
            greatest(t.answered_at, d.from_at) AS from_at,
            least(t.ended_at, t.answered_at + interval '24 hours', d.to_at) AS to_at
        FROM analytics.telephony_calls t
        WHERE t.attempt_at >= d.from_at - interval '24 hours 10 minutes' AND t.attempt_at < d.to_at
            AND t.answered AND t.answered_at < t.ended_at
            AND t.answered_at < d.to_at
            AND least(t.ended_at, t.answered_at + interval '24 hours') > d.from_at
    ), scoped AS (
        SELECT tenant_id, 'trunk' AS scope_type, trunk_fqdn AS scope, from_at, to_at
        FROM calls
        WHERE trunk_fqdn IS NOT NULL
        UNION ALL
        SELECT tenant_id, 'provider', provider, from_at, to_at
        FROM calls
        UNION ALL
        SELECT tenant_id, 'all', 'all', from_at, to_at
        FROM calls
    ), scopes AS MATERIALIZED (
        SELECT row_number() OVER () AS n, s.*
        FROM (SELECT DISTINCT tenant_id, scope_type, scope FROM scoped) s
    ), numbered AS (
        SELECT n.n, s.from_at, s.to_at
        FROM scoped s
        JOIN scopes n ON n.tenant_id = s.tenant_id AND n.scope_type = s.scope_type AND n.scope = s.scope
    ), events AS (
        SELECT n, from_at AS at, 1 AS step
        FROM numbered
        UNION ALL
        SELECT n, to_at, -1
        FROM numbered
        WHERE to_at < d.to_at
        UNION ALL
        SELECT s.n, h.from_at, 0
        FROM scopes s
        JOIN ref.hours h ON h.day = d.day
    ), stretches AS (
        -- Of events at one instant ends come first: a call that ends when another
        -- begins is not up beside it.
        SELECT
            n,
            at,
            lead(at, 1, d.to_at) OVER walk AS to_at,
            sum(step) OVER (walk ROWS UNBOUNDED PRECEDING) AS calls
        FROM events
        WINDOW walk AS (PARTITION BY n ORDER BY at, step)
    ), hours AS (
        SELECT
            n,
            date_bin(interval '1 hour', at, d.from_at) AS hour,
            max(calls)::integer AS peak,
            round((sum(calls * date_part('epoch', to_at - at)) / 3600)::numeric, 4) AS erlangs
        FROM stretches
        GROUP BY n, hour
    )
    SELECT
        s.tenant_id,
        s.scope_type,
        s.scope,
        h.hour,
        h.peak,
        h.erlangs,
        h.erlangs = max(h.erlangs) OVER (PARTITION BY h.n) AS is_busy_hour
    FROM hours h
    JOIN scopes s ON s.n = h.n
    WHERE h.peak > 0
) x;

CREATE TABLE rollup.concurrent_calls_hourly AS TABLE live.concurrent_calls_hourly WITH NO DATA;
CREATE INDEX ON rollup.concurrent_calls_hourly (day);
CREATE INDEX ON rollup.concurrent_calls_hourly (hour);
INSERT INTO rollup.views (name, sources, touches_neighbours)
VALUES ('concurrent_calls_hourly', '{pstn_calls,direct_routing_calls}', true);

CREATE VIEW analytics.concurrent_calls_hourly AS
SELECT
    x.*,
    coalesce(x.hour <= c.hour, false) AS is_final
FROM rollup.concurrent_calls_hourly x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'concurrent_calls_hourly';

CREATE VIEW live.pstn_cost_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.provider,
    x.scenario,
    x.direction,
    x.destination_context,
    x.destination_name,
    x.usage_country_code,
    x.license_capability,
    x.currency,
    x.calls,
    x.answered,
    x.duration_s,
    round(x.duration_s / 60.0, 2) AS minutes,
    x.billed_minutes_estimate,
    x.charge,
    x.connection_charge,
    x.total_cost,
    x.free_calls
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        t.tenant_id,
        t.provider,
        t.scenario,
        t.direction,
        t.destination_context,
        t.destination_name,
        t.usage_country_code,
        t.license_capability,
        t.currency,
        count(*)                                                            AS calls,
        count(*) FILTER (WHERE t.answered)                                  AS answered,
        sum(t.duration_s)                                                   AS duration_s,
        sum(ceil(t.duration_s / 60.0))::bigint                              AS billed_minutes_estimate,
        sum(t.charge)                                                       AS charge,
        sum(t.connection_charge)                                            AS connection_charge,
        sum(t.total_cost)                                                   AS total_cost,
        count(*) FILTER (WHERE analytics.lower_ascii(t.license_capability) = 'freecall') AS free_calls
    FROM analytics.telephony_calls t
    WHERE t.source = 'pstn' AND t.attempt_at >= d.from_at AND t.attempt_at < d.to_at
    GROUP BY t.tenant_id, t.provider, t.scenario, t.direction, t.destination_context, t.destination_name,
        t.usage_country_code, t.license_capability, t.currency
) x;

CREATE TABLE rollup.pstn_cost_daily AS TABLE live.pstn_cost_daily WITH NO DATA;
CREATE INDEX ON rollup.pstn_cost_daily (day);
INSERT INTO rollup.views (name, sources) VALUES ('pstn_cost_daily', '{pstn_calls}');

CREATE VIEW analytics.pstn_cost_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.pstn_cost_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'pstn_cost_daily';

-- The months of the calendar. They drive views as hours and days do.
CREATE VIEW live.months AS
SELECT d.month, min(d.day) AS first_day, max(d.day) AS last_day
FROM ref.days d
GROUP BY d.month;

-- Outbound minutes of a month against the minutes that its licences share.
CREATE VIEW analytics.pstn_pool_usage_monthly AS
SELECT
    x.tenant_id,
    m.month,
    x.license_capability,
    x.usage_country_code,
    x.destination_context,
    x.outbound_minutes,
    p.pool_minutes,
    p.pool_minutes - x.outbound_minutes                                     AS left_minutes,
    round(100.0 * x.outbound_minutes / nullif(p.pool_minutes, 0), 2)        AS used_pct
FROM live.months m
CROSS JOIN LATERAL (
    SELECT
        c.tenant_id,
        c.license_capability,
        c.usage_country_code,
        c.destination_context,
        sum(c.billed_minutes_estimate)::bigint AS outbound_minutes
    FROM rollup.pstn_cost_daily c
    WHERE c.day >= m.first_day AND c.day <= m.last_day AND c.direction = 'outbound'
    GROUP BY c.tenant_id, c.license_capability, c.usage_country_code, c.destination_context
) x
LEFT JOIN LATERAL (
    SELECT l.minutes_per_license::bigint * l.licenses AS pool_minutes
    FROM ref.license_pools l
    WHERE l.license_capability = x.license_capability
        AND l.usage_country = x.usage_country_code
        AND analytics.lower_ascii(l.context) = analytics.lower_ascii(x.destination_context)
        AND (l.tenant_id = x.tenant_id OR l.tenant_id IS NULL)
    ORDER BY l.tenant_id NULLS LAST
    LIMIT 1
) p ON true;

-- Phone use by day, user and number, from which minutes by month and unused numbers
-- are made. own_number is null for conferences and the
-- like, where it is a number of the service and not the user's.
CREATE VIEW live.phone_user_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.source,
    x.user_id,
    x.own_number,
    x.currency,
    x.calls,
    x.in_s,
    x.out_s,
    x.international_out_s,
    x.forwarded_s,
    x.total_cost,
    x.first_in_at,
    x.last_in_at,
    x.first_out_at,
    x.last_out_at,
    x.last_call_at
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        t.tenant_id,
        t.source,
        t.user_id,
        CASE WHEN t.scenario IN ('user', 'voice_app', 'user_forward', 'user_transfer') THEN t.own_number END
                                                                                    AS own_number,
        t.currency,
        count(*)                                                                    AS calls,
        sum(t.duration_s) FILTER (WHERE t.direction = 'inbound')                    AS in_s,
        sum(t.duration_s) FILTER (WHERE t.direction = 'outbound')                   AS out_s,
        sum(t.duration_s) FILTER (WHERE t.direction = 'outbound' AND t.is_international)
                                                                                    AS international_out_s,
        sum(t.duration_s) FILTER (WHERE t.scenario = 'user_forward')                AS forwarded_s,
        sum(t.total_cost)                                                           AS total_cost,
        min(t.attempt_at) FILTER (WHERE t.direction = 'inbound')                    AS first_in_at,
        max(t.attempt_at) FILTER (WHERE t.direction = 'inbound')                    AS last_in_at,
        min(t.attempt_at) FILTER (WHERE t.direction = 'outbound')                   AS first_out_at,
        max(t.attempt_at) FILTER (WHERE t.direction = 'outbound')                   AS last_out_at,
        max(t.attempt_at)                                                           AS last_call_at
    FROM analytics.telephony_calls t
    WHERE t.attempt_at >= d.from_at AND t.attempt_at < d.to_at
    GROUP BY t.tenant_id, t.source, t.user_id, 4, t.currency
) x;

CREATE TABLE rollup.phone_user_daily AS TABLE live.phone_user_daily WITH NO DATA;
CREATE INDEX ON rollup.phone_user_daily (day);
CREATE INDEX ON rollup.phone_user_daily (user_id, day);
CREATE INDEX ON rollup.phone_user_daily (own_number);
-- A number is one user's. Without knowing it the planner expects so many pairs that it
-- compiles the query of a year.
CREATE STATISTICS rollup.phone_user_daily_numbers (ndistinct)
    ON tenant_id, own_number, user_id FROM rollup.phone_user_daily;
INSERT INTO rollup.views (name, sources) VALUES ('phone_user_daily', '{pstn_calls,direct_routing_calls}');

-- The department is that of the first day of the month. Units are joined by span: to
-- look them up for each row costs more than all else.
CREATE VIEW analytics.phone_minutes_monthly AS
WITH units AS NOT MATERIALIZED (
    SELECT
        u.tenant_id,
        u.user_id,
        u.department,
        u.cost_center,
        u.valid_from,
        lead(u.valid_from, 1, 'infinity') OVER (PARTITION BY u.user_id, u.tenant_id ORDER BY u.valid_from) AS valid_to
    FROM ref.org_units u
)
SELECT
    x.tenant_id,
    m.month,
    x.user_id,
    x.source,
    x.currency,
    round(coalesce(x.in_s, 0) / 60.0, 2)                    AS minutes_in,
    round(coalesce(x.out_s, 0) / 60.0, 2)                   AS minutes_out,
    round(coalesce(x.international_out_s, 0) / 60.0, 2)     AS minutes_international_out,
    round(coalesce(x.forwarded_s, 0) / 60.0, 2)             AS minutes_forwarded,
    x.calls,
    x.total_cost,
    x.last_call_at,
    CASE WHEN own.user_id IS NULL THEN general.department ELSE own.department END       AS department,
    CASE WHEN own.user_id IS NULL THEN general.cost_center ELSE own.cost_center END     AS cost_center
FROM live.months m
CROSS JOIN LATERAL (
    SELECT
        p.tenant_id,
        p.user_id,
        p.source,
        p.currency,
        sum(p.in_s)                 AS in_s,
        sum(p.out_s)                AS out_s,
        sum(p.international_out_s)  AS international_out_s,
        sum(p.forwarded_s)          AS forwarded_s,
        sum(p.calls)::bigint        AS calls,
        sum(p.total_cost)           AS total_cost,
        max(p.last_call_at)         AS last_call_at
    FROM rollup.phone_user_daily p
    WHERE p.day >= m.first_day AND p.day <= m.last_day AND p.user_id IS NOT NULL
    GROUP BY p.tenant_id, p.user_id, p.source, p.currency
) x
LEFT JOIN units own
    ON own.user_id = x.user_id AND own.tenant_id = x.tenant_id
    AND own.valid_from <= m.month AND own.valid_to > m.month
LEFT JOIN units general
    ON general.user_id = x.user_id AND general.tenant_id IS NULL
    AND general.valid_from <= m.month AND general.valid_to > m.month;

-- Counts go back from the day until which the phone logs are complete: a log that is
-- late makes no number unused. A later call that is known already counts as use.
CREATE VIEW analytics.number_usage AS
SELECT
    p.tenant_id,
    p.own_number        AS number,
    p.user_id,
    min(p.first_in_at)  AS first_in_at,
    max(p.last_in_at)   AS last_in_at,
    min(p.first_out_at) AS first_out_at,
    max(p.last_out_at)  AS last_out_at,
    CASE WHEN c.day IS NOT NULL THEN
        coalesce(sum(p.calls) FILTER (WHERE p.day >= c.day - 30 AND p.day < c.day), 0)::bigint
    END AS calls_30d,
    CASE WHEN c.day IS NOT NULL THEN
        coalesce(sum(p.calls) FILTER (WHERE p.day >= c.day - 90 AND p.day < c.day), 0)::bigint
    END AS calls_90d,
    max(p.day) < c.day - 90 AS is_unused_90d
FROM rollup.phone_user_daily p
LEFT JOIN live.complete_through c ON c.tenant_id = p.tenant_id AND c.name = 'phone_user_daily'
WHERE p.own_number IS NOT NULL
GROUP BY p.tenant_id, p.own_number, p.user_id, c.day
UNION ALL
-- Numbers that no log has.
SELECT n.tenant_id, n.number, n.user_id, NULL, NULL, NULL, NULL, 0, 0, true
FROM (
    SELECT o.tenant_id, o.number, o.user_id
    FROM ref.numbers o
    WHERE o.tenant_id IS NOT NULL
    UNION ALL
    SELECT e.tenant_id, g.number, g.user_id
    FROM ref.numbers g
    CROSS JOIN (SELECT DISTINCT tenant_id FROM ingest.endpoints) e
    WHERE g.tenant_id IS NULL
        AND NOT EXISTS (SELECT FROM ref.numbers o WHERE o.tenant_id = e.tenant_id AND o.number = g.number)
) n
WHERE NOT EXISTS (
    SELECT
    FROM rollup.phone_user_daily p
    WHERE p.tenant_id = n.tenant_id AND p.own_number = n.number
);

CREATE VIEW live.sms_usage_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.user_id,
    x.direction,
    x.destination_context,
    x.currency,
    x.messages,
    x.units,
    x.charge
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        m.tenant_id,
        m.user_id,
        coalesce(k.direction, analytics.direction_of(analytics.call_tokens(m.sms_type))) AS direction,
        m.destination_context,
        m.currency,
        count(*)            AS messages,
        sum(m.sms_units)    AS units,
        sum(m.call_charge)  AS charge
    FROM teams.sms_messages m
    LEFT JOIN ref.call_types k ON k.call_type = analytics.lower_ascii(m.sms_type)
    WHERE m.sent_at >= d.from_at AND m.sent_at < d.to_at
    GROUP BY m.tenant_id, m.user_id, 3, m.destination_context, m.currency
) x;

CREATE TABLE rollup.sms_usage_daily AS TABLE live.sms_usage_daily WITH NO DATA;
CREATE INDEX ON rollup.sms_usage_daily (day);
CREATE INDEX ON rollup.sms_usage_daily (user_id, day);
INSERT INTO rollup.views (name, sources) VALUES ('sms_usage_daily', '{sms_messages}');

CREATE VIEW analytics.sms_usage_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.sms_usage_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'sms_usage_daily';

-- What the dial-out report says beside what the log says. Days are those of the
-- report, which are UTC.
CREATE VIEW live.dialout_reconciliation AS
SELECT
    x.tenant_id,
    d.day,
    x.usage_location,
    x.destination_context,
    x.currency,
    x.report_calls,
    x.report_seconds,
    x.report_charge,
    x.log_calls,
    x.log_seconds,
    x.log_charge,
    coalesce(x.report_calls, 0) - coalesce(x.log_calls, 0)      AS diff_calls,
    coalesce(x.report_charge, 0) - coalesce(x.log_charge, 0)    AS diff_cost
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        b.tenant_id,
        b.usage_location,
        b.destination_context,
        b.currency,
        sum(b.report_calls)     AS report_calls,
        sum(b.report_seconds)   AS report_seconds,
        sum(b.report_charge)    AS report_charge,
        sum(b.log_calls)        AS log_calls,
        sum(b.log_seconds)      AS log_seconds,
        sum(b.log_charge)       AS log_charge
    FROM (
        SELECT r.tenant_id, r.usage_location, r.destination_context, r.currency,
            r.total_calls           AS report_calls,
            r.total_call_seconds    AS report_seconds,
            r.total_call_charge     AS report_charge,
            NULL::integer           AS log_calls,
            NULL::integer           AS log_seconds,
            NULL::numeric           AS log_charge
        FROM teams.dialout_report r
        WHERE (r.window_from AT TIME ZONE 'UTC')::date = d.day
        UNION ALL
        SELECT t.tenant_id, t.usage_country_code, t.destination_context, t.currency,
            NULL, NULL, NULL, 1, t.duration_s, t.total_cost
        FROM analytics.telephony_calls t
        WHERE t.source = 'pstn' AND analytics.lower_ascii(t.call_type) = 'conf_out'
            AND t.attempt_at >= d.day::timestamp AT TIME ZONE 'UTC'
            AND t.attempt_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
    ) b
    GROUP BY b.tenant_id, b.usage_location, b.destination_context, b.currency
) x;

CREATE TABLE rollup.dialout_reconciliation AS TABLE live.dialout_reconciliation WITH NO DATA;
CREATE INDEX ON rollup.dialout_reconciliation (day);
INSERT INTO rollup.views (name, sources, touches_neighbours)
VALUES ('dialout_reconciliation', '{pstn_calls,dialout_report}', true);

CREATE VIEW analytics.dialout_reconciliation AS
SELECT
    x.*,
    coalesce((x.day + 1)::timestamp AT TIME ZONE 'UTC' <= c.complete_through, false) AS is_final
FROM rollup.dialout_reconciliation x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'dialout_reconciliation';

-- Signs of misuse, by the limits of ref.fraud_rules. A limit that is taken away
-- switches its rule off. What a user usually calls abroad is what is stored of the 28
-- days before: a change of one of them does not have this day computed anew.
CREATE VIEW live.fraud_signals_daily AS
SELECT x.tenant_id, d.day, x.user_id, x.rule, x.severity, x.detail
FROM ref.days d
CROSS JOIN LATERAL (
    WITH phone AS MATERIALIZED (
        SELECT
            t.tenant_id,
            t.user_id,
            t.scenario IN ('user_forward', 'user_transfer') AS passed_on,
            t.direction = 'outbound'                        AS outbound,
            t.is_international,
            t.answered,
            t.duration_s,
            t.external_number,
            t.external_prefix,
            extract(hour FROM t.attempt_at AT TIME ZONE (SELECT report_timezone FROM ref.settings)) AS hour_of_day
        FROM analytics.telephony_calls t
        WHERE t.attempt_at >= d.from_at AND t.attempt_at < d.to_at AND t.direction <> 'inbound'
    ), limits AS MATERIALIZED (
        SELECT
            n.tenant_id,
            max(r.value) FILTER (WHERE r.rule = 'F2' AND r.parameter = 'minutes')   AS f2_minutes,
            max(r.value) FILTER (WHERE r.rule = 'F2' AND r.parameter = 'factor')    AS f2_factor,
            max(r.value) FILTER (WHERE r.rule = 'F3' AND r.parameter = 'calls')     AS f3_calls,
            max(r.value) FILTER (WHERE r.rule = 'F3' AND r.parameter = 'from_hour') AS f3_from_hour,
            max(r.value) FILTER (WHERE r.rule = 'F3' AND r.parameter = 'to_hour')   AS f3_to_hour,
            max(r.value) FILTER (WHERE r.rule = 'F4' AND r.parameter = 'low')       AS f4_low,
            max(r.value) FILTER (WHERE r.rule = 'F4' AND r.parameter = 'moderate')  AS f4_moderate,
            max(r.value) FILTER (WHERE r.rule = 'F4' AND r.parameter = 'high')      AS f4_high,
            max(r.value) FILTER (WHERE r.rule = 'F4' AND r.parameter = 'major')     AS f4_major,
            max(r.value) FILTER (WHERE r.rule = 'F4' AND r.parameter = 'critical')  AS f4_critical,
            max(r.value) FILTER (WHERE r.rule = 'F5' AND r.parameter = 'calls')     AS f5_calls,
            max(r.value) FILTER (WHERE r.rule = 'F5' AND r.parameter = 'seconds')   AS f5_seconds
        FROM (SELECT DISTINCT tenant_id FROM phone) n
        CROSS JOIN LATERAL (
            SELECT DISTINCT ON (f.rule, f.parameter) f.rule, f.parameter, f.value
            FROM ref.fraud_rules f
            WHERE f.tenant_id = n.tenant_id OR f.tenant_id IS NULL
            ORDER BY f.rule, f.parameter, f.tenant_id NULLS LAST
        ) r
        GROUP BY n.tenant_id
    ), users AS MATERIALIZED (
        SELECT
            p.tenant_id,
            p.user_id,
            count(*) FILTER (WHERE p.passed_on AND p.is_international)                          AS passed_on_abroad,
            sum(p.duration_s) FILTER (WHERE p.outbound AND p.is_international) / 60.0           AS minutes_abroad,
            count(*) FILTER (
                WHERE p.outbound AND p.is_international AND (
                    d.day_of_week > 5 OR p.hour_of_day < l.f3_from_hour OR p.hour_of_day >= l.f3_to_hour)
            )                                                                                   AS abroad_off_hours,
            count(DISTINCT p.external_number) FILTER (WHERE p.outbound AND NOT p.answered)      AS numbers_failed
        FROM phone p
        JOIN limits l ON l.tenant_id = p.tenant_id
        GROUP BY p.tenant_id, p.user_id
    )
    SELECT tenant_id, user_id, 'F1' AS rule, 'high' AS severity,
        passed_on_abroad || ' calls forwarded or transferred abroad' AS detail
    FROM users
    WHERE passed_on_abroad > 0
    UNION ALL
    SELECT u.tenant_id, u.user_id, 'F2', 'high',
        round(u.minutes_abroad, 1) || ' minutes abroad, usually ' || round(b.minutes, 1) || ' a day'
    FROM users u
    JOIN limits l ON l.tenant_id = u.tenant_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.duration_s), 0) / 60.0 / 28 AS minutes
        FROM (
            SELECT o.tenant_id, o.attempt_at, o.direction, o.is_international, o.duration_s
            FROM live.telephony o
            WHERE o.user_id = u.user_id
            UNION ALL
            -- Nobody's calls, those of voice apps, are not even looked at for somebody.
            SELECT o.tenant_id, o.attempt_at, o.direction, o.is_international, o.duration_s
            FROM live.telephony o
            WHERE o.user_id IS NULL AND u.user_id IS NULL
        ) p
        WHERE p.tenant_id = u.tenant_id
            -- In hours, as days of an interval depend on the session's time zone.
            AND p.attempt_at >= d.from_at - 28 * interval '24 hours' AND p.attempt_at < d.from_at
            AND p.direction = 'outbound' AND p.is_international
    ) b
    WHERE u.minutes_abroad > l.f2_minutes AND u.minutes_abroad > l.f2_factor * b.minutes
    UNION ALL
    SELECT u.tenant_id, u.user_id, 'F3', 'moderate',
        u.abroad_off_hours || ' calls abroad at night or at the weekend'
    FROM users u
    JOIN limits l ON l.tenant_id = u.tenant_id
    WHERE u.abroad_off_hours >= l.f3_calls
    UNION ALL
    SELECT u.tenant_id, u.user_id, 'F4',
        CASE
            WHEN u.numbers_failed >= l.f4_critical THEN 'critical'
            WHEN u.numbers_failed >= l.f4_major THEN 'major'
            WHEN u.numbers_failed >= l.f4_high THEN 'high'
            WHEN u.numbers_failed >= l.f4_moderate THEN 'moderate'
            ELSE 'low'
        END,
        u.numbers_failed || ' numbers tried in vain'
    FROM users u
    JOIN limits l ON l.tenant_id = u.tenant_id
    WHERE u.numbers_failed >= l.f4_low
    UNION ALL
    SELECT tenant_id, user_id, 'F5', 'moderate',
        string_agg(calls || ' calls to +' || external_prefix, ', ' ORDER BY calls DESC, external_prefix)
            || ', each of a few seconds'
    FROM (
        SELECT p.tenant_id, p.user_id, p.external_prefix, count(*) AS calls
        FROM phone p
        JOIN limits l ON l.tenant_id = p.tenant_id
        WHERE p.outbound AND p.answered AND p.duration_s < l.f5_seconds AND p.external_prefix IS NOT NULL
        GROUP BY p.tenant_id, p.user_id, p.external_prefix, l.f5_calls
        HAVING count(*) >= l.f5_calls
    ) s
    GROUP BY tenant_id, user_id
    UNION ALL
    SELECT b.tenant_id, b.user_id, 'F6', 'high', coalesce(string_agg(DISTINCT b.block_reason, ', '), 'blocked')
    FROM teams.pstn_blocked_users_log b
    WHERE b.block_at >= d.from_at AND b.block_at < d.to_at AND b.user_block_mode = 'blocked'
    GROUP BY b.tenant_id, b.user_id
) x;

CREATE TABLE rollup.fraud_signals_daily AS TABLE live.fraud_signals_daily WITH NO DATA;
CREATE INDEX ON rollup.fraud_signals_daily (day);
CREATE INDEX ON rollup.fraud_signals_daily (user_id, day);
INSERT INTO rollup.views (name, sources)
VALUES ('fraud_signals_daily', '{pstn_calls,direct_routing_calls,pstn_blocked_users_log}');

CREATE VIEW analytics.fraud_signals_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.fraud_signals_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'fraud_signals_daily';


-- People.

CREATE VIEW live.missed_calls_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.scenario,
    x.user_id,
    x.callee_identity_id,
    x.inbound,
    x.answered,
    x.missed,
    x.failed,
    analytics.pct(x.missed, x.missed + x.answered) AS missed_pct
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        i.tenant_id,
        i.scenario,
        i.user_id,
        i.callee_identity_id,
        count(*)                            AS inbound,
        count(*) FILTER (WHERE i.answered)  AS answered,
        count(*) FILTER (WHERE i.missed)    AS missed,
        count(*) FILTER (WHERE i.failed)    AS failed
    FROM analytics.inbound_calls i
    WHERE i.call_start_at >= d.from_at AND i.call_start_at < d.to_at
    GROUP BY i.tenant_id, i.scenario, i.user_id, i.callee_identity_id
) x;

CREATE TABLE rollup.missed_calls_daily AS TABLE live.missed_calls_daily WITH NO DATA;
CREATE INDEX ON rollup.missed_calls_daily (day);
CREATE INDEX ON rollup.missed_calls_daily (user_id, day);
INSERT INTO rollup.views (name, sources, touches_neighbours)
VALUES ('missed_calls_daily', '{call_records,pstn_calls,direct_routing_calls}', true);

CREATE VIEW analytics.missed_calls_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.missed_calls_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'missed_calls_daily';

-- One branch for each source. talk_s is the time covered by sessions with audio: two
-- at once count once. A stream counts once for each of the users at its ends.
CREATE VIEW live.user_activity_daily AS
SELECT
    x.tenant_id,
    d.day,
    x.user_id,
    x.p2p_calls,
    x.group_calls,
    x.organized,
    x.talk_s,
    x.phone_in,
    x.phone_out,
    x.phone_s,
    x.missed,
    x.sms,
    x.streams,
    x.poor_streams
FROM ref.days d
CROSS JOIN LATERAL (
    SELECT
        u.tenant_id,
        u.user_id,
        coalesce(sum(u.p2p_calls), 0)::bigint       AS p2p_calls,
        coalesce(sum(u.group_calls), 0)::bigint     AS group_calls,
        coalesce(sum(u.organized), 0)::bigint       AS organized,
        coalesce(sum(u.talk_s), 0)::float8          AS talk_s,
        coalesce(sum(u.phone_in), 0)::bigint        AS phone_in,
        coalesce(sum(u.phone_out), 0)::bigint       AS phone_out,
        coalesce(sum(u.phone_s), 0)::bigint         AS phone_s,
        coalesce(sum(u.missed), 0)::bigint          AS missed,
        coalesce(sum(u.sms), 0)::bigint             AS sms,
        coalesce(sum(u.streams), 0)::bigint         AS streams,
        coalesce(sum(u.poor_streams), 0)::bigint    AS poor_streams
    FROM (
        SELECT
            y.tenant_id,
            y.user_id,
            y.p2p_calls,
            y.group_calls,
            NULL::bigint AS organized,
            (SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(y.talk) r) AS talk_s,
            NULL::bigint AS phone_in,
            NULL::bigint AS phone_out,
            NULL::bigint AS phone_s,
            NULL::bigint AS missed,
            NULL::bigint AS sms,
            NULL::bigint AS streams,
            NULL::bigint AS poor_streams
        FROM (
            SELECT
                c.tenant_id,
                e.user_id,
                count(DISTINCT c.id) FILTER (WHERE c.call_kind = 'p2p')     AS p2p_calls,
                count(DISTINCT c.id) FILTER (WHERE c.call_kind = 'group')   AS group_calls,
                range_agg(tstzrange(s.start_at, s.end_at)) FILTER (
                    WHERE s.start_at < s.end_at
                        AND strpos(analytics.lower_ascii(array_to_string(s.modalities, ',')), 'audio') > 0
                ) AS talk
            FROM live.calls c
            JOIN teams.sessions s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
            JOIN teams.session_endpoints e
                ON e.tenant_id = s.tenant_id AND e.call_id = s.call_id AND e.session_index = s.session_index
            WHERE c.start_at >= d.from_at AND c.start_at < d.to_at
                AND s.is_test IS NOT TRUE AND e.user_id IS NOT NULL
            GROUP BY c.tenant_id, e.user_id
        ) y
        UNION ALL
        SELECT c.tenant_id, c.organizer_user_id, NULL, NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM live.calls c
        WHERE c.start_at >= d.from_at AND c.start_at < d.to_at AND c.organizer_user_id IS NOT NULL
        GROUP BY c.tenant_id, c.organizer_user_id
        UNION ALL
        SELECT t.tenant_id, t.user_id, NULL, NULL, NULL, NULL,
            count(*) FILTER (WHERE t.direction = 'inbound'), count(*) FILTER (WHERE t.direction = 'outbound'),
            sum(t.duration_s), NULL, NULL, NULL, NULL
        FROM analytics.telephony_calls t
        WHERE t.attempt_at >= d.from_at AND t.attempt_at < d.to_at AND t.user_id IS NOT NULL
        GROUP BY t.tenant_id, t.user_id
        UNION ALL
        SELECT i.tenant_id, i.user_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*), NULL, NULL, NULL
        FROM analytics.inbound_calls i
        WHERE i.missed AND i.call_start_at >= d.from_at AND i.call_start_at < d.to_at AND i.user_id IS NOT NULL
        GROUP BY i.tenant_id, i.user_id
        UNION ALL
        SELECT m.tenant_id, m.user_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*), NULL, NULL
        FROM teams.sms_messages m
        WHERE m.sent_at >= d.from_at AND m.sent_at < d.to_at AND m.user_id IS NOT NULL
        GROUP BY m.tenant_id, m.user_id
        UNION ALL
        SELECT g.tenant_id, e.user_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            sum(g.streams), sum(g.poor_streams)
        FROM (
            SELECT s.tenant_id, s.call_id, s.session_index, s.segment_index,
                count(*) AS streams,
                count(*) FILTER (WHERE s.quality = 'poor') AS poor_streams
            FROM live.streams s
            WHERE s.call_start_at >= d.from_at AND s.call_start_at < d.to_at
            GROUP BY s.tenant_id, s.call_id, s.session_index, s.segment_index
        ) g
        CROSS JOIN LATERAL (
            SELECT DISTINCT e.user_id
            FROM teams.segment_endpoints e
            WHERE e.tenant_id = g.tenant_id AND e.call_id = g.call_id
                AND e.session_index = g.session_index AND e.segment_index = g.segment_index
                AND e.user_id IS NOT NULL
        ) e
        GROUP BY g.tenant_id, e.user_id
    ) u
    GROUP BY u.tenant_id, u.user_id
) x
WHERE NOT EXISTS (
    SELECT
    FROM ref.service_identities i
    WHERE i.identity_id = x.user_id::text AND (i.tenant_id = x.tenant_id OR i.tenant_id IS NULL)
);

CREATE TABLE rollup.user_activity_daily AS TABLE live.user_activity_daily WITH NO DATA;
CREATE INDEX ON rollup.user_activity_daily (day);
CREATE INDEX ON rollup.user_activity_daily (user_id, day);
INSERT INTO rollup.views (name, sources)
VALUES ('user_activity_daily', '{call_records,pstn_calls,direct_routing_calls,sms_messages}');

CREATE VIEW analytics.user_activity_daily AS
SELECT
    x.*,
    coalesce(x.day < c.day, false) AS is_final
FROM rollup.user_activity_daily x
LEFT JOIN live.complete_through c ON c.tenant_id = x.tenant_id AND c.name = 'user_activity_daily';

UPDATE ingest.schema_version SET version = 14;
