-- A year of a company's call records, for measuring views: 365 days from
-- 2025-11-01, three years' worth of habits. The settings year.calls and
-- year.users say how many calls and people there are. It wants a database with
-- the schema and nothing in it.
--
-- Rows go in by the call's start, as a daemon stores them: tables lie in the
-- order of time, while primary keys (random uuids) do not.
SET synchronous_commit = off;
SET work_mem = '256MB';
SET TIME ZONE 'UTC';
SELECT setseed(0.42);
CREATE SCHEMA year;

-- moment is a time of the year: weekends and nights are thin. Nine of ten
-- moments of a weekend move to the working days before it.
CREATE FUNCTION year.moment(r1 float8, r2 float8, r3 float8, r4 float8) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT timestamptz '2025-11-01'
         + make_interval(days => CASE
               WHEN extract(isodow FROM date '2025-11-01' + floor(r1 * 365)::int) > 5 AND r4 < 0.9
               THEN greatest(0, floor(r1 * 365)::int - 2)
               ELSE floor(r1 * 365)::int END)
         + interval '1 second' * CASE
               WHEN r4 BETWEEN 0.40 AND 0.45 THEN r2 * 86399
               ELSE 6 * 3600 + (r2 + r3) / 2 * 13 * 3600 END
$$;

-- The people: 97 of 100 belong to one tenant, the others to a second.
CREATE UNLOGGED TABLE year.users AS
SELECT n,
       md5('user' || n)::uuid AS user_id,
       'user' || n || '@contoso.example' AS upn,
       'User ' || n AS name,
       CASE WHEN n >= current_setting('year.users')::int * 0.97
            THEN uuid '00000000-0000-4000-8000-00000000000b'
            ELSE uuid '00000000-0000-4000-8000-00000000000a' END AS tenant_id,
       (ARRAY['US', 'DE', 'GB', 'NL', 'FR'])[1 + n % 5] AS country,
       CASE WHEN n % 10 < 6 THEN '10.' || (20 + n % 40) || '.' || (n / 40 % 40) || '.0'
            ELSE '192.168.' || (n % 3) || '.0' END AS subnet,
       (ARRAY['wired', 'wifi', 'wifi', 'wifi', 'wired', 'tunnel', 'mobile', 'wifi'])[1 + n % 8] AS connection,
       'Headset model ' || (n * 7 % 30) AS device,
       (ARRAY['windows', 'windows', 'windows', 'macOS', 'iOS', 'android', 'web'])[1 + n % 7] AS platform,
       '+1' || (2000000000 + n) AS own_number
FROM generate_series(0, current_setting('year.users')::int - 1) n;
CREATE UNIQUE INDEX ON year.users (n);

-- The calls. A few people make most of them; one meeting in 10,000 has a
-- thousand sessions.
CREATE UNLOGGED TABLE year.calls AS
SELECT row_number() OVER (ORDER BY start_at) AS n, c.*
FROM (
    SELECT gen_random_uuid() AS id,
           year.moment(random(), random(), random(), random()) AS start_at,
           CASE WHEN k < 0.50 THEN 'p2p' WHEN k < 0.63 THEN 'phone' WHEN k < 0.67 THEN 'voice'
                ELSE 'group' END AS kind,
           CASE WHEN k < 0.67 THEN -ln(1 - random()) * 420 ELSE 900 + random() * 3000 END AS duration_s,
           floor(current_setting('year.users')::int * power(random(), 1.8))::int AS organizer_n,
           CASE WHEN k < 0.63 THEN CASE WHEN random() < 0.04 THEN 2 ELSE 1 END
                WHEN k < 0.67 THEN 2 + floor(random() * 3)::int
                WHEN k > 0.9999 THEN 1000
                ELSE least(120, 2 + floor(-ln(1 - random()) * 11.5)::int) END AS sessions
    FROM (SELECT random() AS k FROM generate_series(1, current_setting('year.calls')::int)) r
) c;
CREATE INDEX ON year.calls (n);

INSERT INTO teams.call_records (
    tenant_id, id, version, type, modalities, start_at, end_at, last_modified_at, join_web_url, organizer_id,
    organizer_identity_kind, organizer_identity_id, organizer_display_name, organizer_principal_name,
    organizer_tenant_id, organizer_user_id, updated_at, run_id, row_hash, session_count, call_kind,
    details_version, details_at)
SELECT u.tenant_id, c.id, 1,
       CASE WHEN random() < 0.01 THEN 'unknown' WHEN c.kind IN ('group', 'voice') THEN 'groupCall'
            ELSE 'peerToPeer' END,
       CASE WHEN c.kind = 'group' THEN ARRAY['audio', 'video', 'videoBasedScreenSharing'] ELSE ARRAY['audio'] END,
       c.start_at,
       c.start_at + interval '1 second' * c.duration_s,
       c.start_at + interval '1 second' * c.duration_s + interval '40 minutes',
       CASE WHEN c.kind = 'group'
            THEN 'https://teams.microsoft.com/l/meetup-join/19%3ameeting_' || md5(c.id::text) || '%40thread.v2/0' END,
       u.user_id::text, 'user', u.user_id::text, u.name, u.upn, u.tenant_id, u.user_id,
       c.start_at + interval '2 hours', 1, c.n, c.sessions,
       CASE WHEN c.kind IN ('group', 'voice') THEN 'group' ELSE 'p2p' END,
       1, c.start_at + interval '2 hours'
FROM year.calls c JOIN year.users u ON u.n = c.organizer_n
ORDER BY c.n;

-- The sessions: who, when, over what. a_n calls b_n, who is NULL where the
-- other side is a service or a phone.
CREATE UNLOGGED TABLE year.sessions AS
SELECT c.n, u.tenant_id, c.id, c.kind, i AS session_index,
       CASE WHEN c.kind IN ('p2p', 'phone') OR i = 0 THEN c.organizer_n
            ELSE (c.organizer_n + i * 37 + floor(power(random(), 2) * 40)::int)
                 % floor(current_setting('year.users')::int * 0.97)::int END AS a_n,
       CASE WHEN c.kind = 'p2p'
            THEN floor(current_setting('year.users')::int * 0.97 * power(random(), 1.5))::int END AS b_n,
       c.start_at + interval '1 second' * c.duration_s
           * CASE WHEN c.kind = 'group' AND i > 0 THEN random() * 0.3 ELSE 0 END AS start_at,
       c.start_at + interval '1 second' * c.duration_s
           * CASE WHEN c.kind = 'group' THEN 0.5 + random() * 0.5
                  WHEN c.kind = 'voice' AND i > 0 AND random() < 0.4 THEN 0
                  WHEN c.kind IN ('p2p', 'phone') AND random() < 0.12 THEN 0
                  ELSE 1 END AS end_at,
       random() AS r1, random() AS r2, random() AS r3
FROM year.calls c
JOIN year.users u ON u.n = c.organizer_n
CROSS JOIN generate_series(0, c.sessions - 1) i
ORDER BY c.n, i;

INSERT INTO teams.call_participants (
    tenant_id, call_id, participant_index, participant_id, identity_kind, identity_id, display_name, principal_name,
    identity_tenant_id, user_id)
SELECT s.tenant_id, s.id, row_number() OVER (PARTITION BY s.n) - 1, x.id, x.kind, x.id, x.name, x.upn, s.tenant_id,
       x.user_id
FROM (SELECT DISTINCT ON (n, a_n) * FROM year.sessions ORDER BY n, a_n) s
JOIN year.users a ON a.n = s.a_n
LEFT JOIN year.users b ON b.n = s.b_n
CROSS JOIN LATERAL (
    SELECT a.user_id::text AS id, 'user' AS kind, a.name, a.upn, a.user_id
    UNION ALL
    SELECT b.user_id::text, 'user', b.name, b.upn, b.user_id WHERE s.b_n IS NOT NULL
    UNION ALL
    SELECT '+49' || (1510000000 + s.n), 'phone', NULL, NULL, NULL
    WHERE s.kind IN ('phone', 'voice') AND s.session_index = 0
) x
ORDER BY s.n;

INSERT INTO teams.sessions (
    tenant_id, call_id, session_index, session_id, start_at, end_at, modalities, failure_stage, failure_reason, is_test)
SELECT tenant_id, id, session_index, gen_random_uuid(), start_at, greatest(start_at, end_at),
       CASE WHEN kind = 'group' AND r1 < 0.42 THEN ARRAY['audio', 'video'] ELSE ARRAY['audio'] END,
       CASE WHEN r2 < 0.008 THEN 'callSetup' WHEN r2 < 0.025 THEN 'midcall' END,
       CASE WHEN r2 < 0.025 THEN 'CallFailedGeneric' END,
       r3 < 0.0005
FROM year.sessions
ORDER BY n, session_index;

-- The two sides of each session. A queue's first session has a phone as caller.
CREATE VIEW year.endpoints AS
SELECT s.n, s.tenant_id, s.id, s.session_index, s.r1, x.side,
       CASE WHEN x.is_service THEN 'service' ELSE 'participant' END AS endpoint_type,
       coalesce(u.user_id::text, x.phone) AS identity_id,
       u.name, u.upn,
       CASE WHEN u.n IS NOT NULL THEN s.tenant_id END AS identity_tenant_id,
       CASE WHEN u.n IS NOT NULL THEN 'user' WHEN x.phone IS NOT NULL THEN 'phone' END AS identity_kind,
       u.user_id,
       'PC-' || u.n AS endpoint_name,
       CASE WHEN u.n IS NOT NULL THEN 'Intel(R) Core(TM) i7-1185G7 @ 3.00GHz' END AS cpu_name,
       CASE WHEN x.is_service THEN 'CallSignalingAgent/27/1.0.0.2025'
            ELSE 'SkypeSpaces/1415/25.' || (s.n / 12000)::int || '.' || (u.n % 4) END AS user_agent_header,
       '25.' || (s.n / 12000)::int || '.' || (u.n % 4) AS application_version,
       u.platform,
       CASE WHEN x.is_service THEN 'skypeForBusiness' ELSE 'teams' END AS product_family,
       CASE WHEN NOT x.is_service THEN NULL
            WHEN s.kind = 'voice' AND s.session_index = 0 THEN 'skypeForBusinessCallQueues'
            ELSE 'mediationServerCloudConnectorEdition' END AS service_role,
       CASE WHEN u.n IS NOT NULL AND s.r3 < 0.03
            THEN (ARRAY['bad', 'poor', 'fair', 'good', 'excellent', 'notRated'])[1 + (s.r3 * 200)::int % 6]
            END AS feedback_rating
FROM year.sessions s
CROSS JOIN LATERAL (
    SELECT s.kind = 'voice' AND s.session_index = 0 AS is_from_phone
) f
CROSS JOIN LATERAL (VALUES
    ('caller', false,
        CASE WHEN is_from_phone THEN '+49' || (1510000000 + s.n) END,
        CASE WHEN NOT is_from_phone THEN s.a_n END),
    ('callee', s.kind IN ('group', 'voice'),
        CASE WHEN s.kind = 'phone' THEN '+49' || (1510000000 + s.n) END,
        s.b_n)
) x (side, is_service, phone, user_n)
LEFT JOIN year.users u ON u.n = x.user_n;

INSERT INTO teams.session_endpoints (
    tenant_id, call_id, session_index, side, endpoint_type, identity_id, display_name, principal_name,
    identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, user_agent_header, application_version,
    platform, product_family, service_role, feedback_rating)
SELECT tenant_id, id, session_index, side, endpoint_type, identity_id, name, upn, identity_tenant_id, identity_kind,
       user_id, endpoint_name, cpu_name, user_agent_header, application_version, platform, product_family,
       service_role, feedback_rating
FROM year.endpoints
ORDER BY n, session_index, side;

-- Six sessions of a hundred have a second segment.
INSERT INTO teams.segments (
    tenant_id, call_id, session_index, segment_index, segment_id, start_at, end_at, failure_stage, failure_reason)
SELECT tenant_id, id, session_index, g, gen_random_uuid(),
       start_at + (greatest(start_at, end_at) - start_at) * 0.5 * g,
       greatest(start_at, end_at),
       CASE WHEN r2 < 0.008 THEN 'callSetup' WHEN r2 < 0.025 AND g = 0 THEN 'midcall' END,
       CASE WHEN r2 < 0.025 THEN 'CallFailedGeneric' END
FROM year.sessions, generate_series(0, (r1 > 0.94)::int) g
ORDER BY n, session_index, g;

INSERT INTO teams.segment_endpoints (
    tenant_id, call_id, session_index, segment_index, side, endpoint_type, identity_id, display_name, principal_name,
    identity_tenant_id, identity_kind, user_id, endpoint_name, cpu_name, user_agent_header, application_version,
    platform, product_family, service_role, feedback_rating)
SELECT tenant_id, id, session_index, g, side, endpoint_type, identity_id, name, upn, identity_tenant_id,
       identity_kind, user_id, endpoint_name, cpu_name, user_agent_header, application_version, platform,
       product_family, service_role, feedback_rating
FROM year.endpoints, generate_series(0, (r1 > 0.94)::int) g
ORDER BY n, session_index, g, side;

-- The media: audio always, video and sharing by chance.
CREATE UNLOGGED TABLE year.media AS
SELECT s.n, s.tenant_id, s.id, s.session_index, g AS segment_index,
       row_number() OVER (PARTITION BY s.n, s.session_index, g ORDER BY m.rank) - 1 AS media_index,
       m.label,
       CASE WHEN m.label = 'main-video' AND s.kind = 'group' THEN 10 ELSE 2 END AS streams,
       CASE WHEN s.kind = 'voice' AND s.session_index = 0 THEN NULL ELSE s.a_n END AS a_n,
       s.b_n, s.r1, s.r2, s.r3, random() AS r4
FROM year.sessions s
CROSS JOIN generate_series(0, (s.r1 > 0.94)::int) g
CROSS JOIN LATERAL (VALUES
    (0, 'main-audio', true),
    (1, 'main-video', CASE s.kind WHEN 'group' THEN s.r1 < 0.42 WHEN 'p2p' THEN s.r1 < 0.25 END),
    (2, 'applicationsharing-video', CASE s.kind WHEN 'group' THEN s.r2 < 0.30 WHEN 'p2p' THEN s.r2 < 0.15 END)
) m (rank, label, is_present)
WHERE m.is_present;

INSERT INTO teams.segment_media (tenant_id, call_id, session_index, segment_index, media_index, label)
SELECT tenant_id, id, session_index, segment_index, media_index, label
FROM year.media
ORDER BY n, session_index, segment_index, media_index;

-- Both sides of each medium. Devices and levels are those of audio.
INSERT INTO teams.media_endpoints (
    tenant_id, call_id, session_index, segment_index, media_index, side,
    capture_device_name, capture_device_driver, render_device_name, render_device_driver,
    capture_not_functioning_event_ratio, cpu_insufficent_event_ratio, device_clipping_event_ratio,
    device_glitch_event_ratio, low_speech_level_event_ratio, low_speech_to_noise_event_ratio,
    mic_glitch_rate, speaker_glitch_rate, howling_event_count,
    received_noise_level, received_signal_level, sent_noise_level, sent_signal_level,
    connection_type, network_transport_protocol, wifi_band, wifi_radio_type, basic_service_set_identifier,
    mac_address, subnet, ip_address, reflexive_ip_address, relay_ip_address, port, relay_port,
    wifi_channel, wifi_signal_strength, link_speed,
    bandwidth_low_event_ratio, delay_event_ratio, received_quality_event_ratio, sent_quality_event_ratio)
SELECT m.tenant_id, m.id, m.session_index, m.segment_index, m.media_index, x.side,
       u.device, d.driver, u.device, d.driver,
       a.yes * 0, a.yes * m.r3 * 0.02, a.yes * 0,
       a.yes * m.r4 * 0.01, a.yes * 0.01, a.yes * 0.02,
       a.yes * floor(m.r4 * 30), a.yes * floor(m.r3 * 60), a.yes * (m.r4 * 1.02)::int,
       a.yes * -68, a.yes * -20, a.yes * -70, a.yes * -22,
       u.connection,
       CASE WHEN m.r1 < 0.07 THEN 'tcp' ELSE 'udp' END,
       CASE WHEN d.is_wifi THEN CASE WHEN u.n % 3 = 0 THEN 'frequency24GHz' ELSE 'frequency50GHz' END END,
       CASE WHEN d.is_wifi THEN 'wifi80211ax' END,
       CASE WHEN d.is_wifi THEN '00-1a-2b-3c-' || to_hex(u.n % 256) END,
       CASE WHEN u.n IS NOT NULL THEN '02:00:00:00:00:00' END,
       d.subnet,
       set_masklen(d.subnet::inet + (1 + coalesce(u.n, 16) % 250), 32),
       ('203.0.' || coalesce(u.n, 1) % 113 || '.' || coalesce(u.n, 1) % 250)::inet,
       inet '52.114.1.9', 50000 + (m.r1 * 60)::int, 3478,
       CASE WHEN d.is_wifi THEN 36 END, CASE WHEN d.is_wifi THEN 80 END, 866000000,
       a.yes * 0, a.yes * m.r1 * 0.02, a.yes * 0.01, a.yes * 0
FROM year.media m
CROSS JOIN LATERAL (VALUES ('caller', m.a_n), ('callee', m.b_n)) x (side, user_n)
LEFT JOIN year.users u ON u.n = x.user_n
CROSS JOIN LATERAL (
    SELECT CASE WHEN u.n IS NOT NULL AND m.label = 'main-audio' THEN 1 END AS yes
) a
CROSS JOIN LATERAL (
    SELECT 'Microsoft: 10.0.19041.' || u.n % 9 AS driver,
           u.connection = 'wifi' AS is_wifi,
           CASE WHEN u.n IS NULL THEN '52.112.0.0'
                WHEN m.r3 < 0.15 THEN '10.' || floor(m.r4 * 200) || '.' || floor(m.r2 * 200) || '.0'
                ELSE u.subnet END AS subnet
) d
ORDER BY m.n, m.session_index, m.segment_index, m.media_index, x.side;

INSERT INTO teams.media_streams (
    tenant_id, call_id, session_index, segment_index, media_index, stream_index, stream_id, stream_direction,
    audio_codec, video_codec, packet_utilization, average_bandwidth_estimate,
    average_jitter_ms, max_jitter_ms, average_round_trip_time_ms, max_round_trip_time_ms,
    average_audio_network_jitter_ms, max_audio_network_jitter_ms, average_packet_loss_rate, max_packet_loss_rate,
    average_audio_degradation, average_ratio_of_concealed_samples, max_ratio_of_concealed_samples,
    average_received_frame_rate, average_video_frame_loss_percentage, average_video_frame_rate,
    average_video_packet_loss_rate, post_forward_error_correction_packet_loss_rate, low_frame_rate_ratio,
    is_audio_forward_error_correction_used, was_media_bypassed)
SELECT m.tenant_id, m.id, m.session_index, m.segment_index, m.media_index, k, (1000000 + m.n * 7 + k)::text,
       CASE WHEN k = 0 THEN 'callerToCallee' ELSE 'calleeToCaller' END,
       CASE WHEN a.is_audio THEN 'SATIN' END, CASE WHEN NOT a.is_audio THEN 'H264' END,
       floor(-ln(1 - f.r) * 20000), 2000000,
       2 + f.r * f.r * 20 + CASE WHEN m.r4 < 0.02 THEN 30 ELSE 0 END, 20 + f.r * 50,
       20 + f.r * 120, 40 + f.r * 300,
       a.audio * (10 + f.r * 60), a.audio * (30 + f.r * 90),
       CASE WHEN m.r4 > 0.99 THEN 0.12 ELSE f.r * 0.01 END, f.r * 0.2,
       a.audio * f.r, a.audio * f.r * 0.05, a.audio * f.r * 0.2,
       a.video * (15 * f.r + 5), CASE WHEN f.r < 0.7 THEN a.video * f.r * 60 END, a.video * 30 * f.r,
       a.video * f.r * 0.02, a.video * f.r * 0.05, a.video * f.r,
       a.is_audio, false
FROM year.media m
CROSS JOIN generate_series(0, m.streams - 1) k
CROSS JOIN LATERAL (SELECT CASE WHEN k >= 0 THEN random() END AS r) f
CROSS JOIN LATERAL (
    SELECT m.label = 'main-audio' AS is_audio,
           CASE WHEN m.label = 'main-audio' THEN 1 END AS audio,
           CASE WHEN m.label <> 'main-audio' THEN 1 END AS video
) a
ORDER BY m.n, m.session_index, m.segment_index, m.media_index, k;

INSERT INTO teams.users (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT tenant_id, user_id, name, upn, '2025-11-01', '2026-10-31', 'call_records'
FROM year.users;
