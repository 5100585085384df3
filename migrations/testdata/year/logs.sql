-- A year of the logs, after calls.sql: the settings year.pstn and year.direct
-- say how many rows there are besides those that belong to call records.
SELECT setseed(0.43);

-- Rows of calls of kind phone, and rows that belong to no call record. Two of
-- five of the former name their call record, as an operator's do.
CREATE UNLOGGED TABLE year.pstn AS
SELECT u.tenant_id, u.user_id, u.upn, u.name, u.own_number, u.country, x.*
FROM (
    SELECT gen_random_uuid() AS id,
           CASE WHEN c.n % 5 < 2 THEN c.id::text ELSE (c.n * 1111)::text || '_112562680@' END AS call_id,
           c.organizer_n AS user_n,
           c.start_at + interval '1 second' * (random() * 40 - 20) AS start_at,
           c.duration_s::int AS duration_s,
           'user_out' AS call_type,
           '+49' || (1510000000 + c.n) AS other,
           CASE WHEN c.n % 5 < 2 THEN 'Colt' ELSE 'Microsoft' END AS operator,
           random() AS r1, random() AS r2
    FROM year.calls c
    WHERE c.kind = 'phone'
    UNION ALL
    SELECT gen_random_uuid(), (i * 991)::text || '_112562680@',
           floor(current_setting('year.users')::int * power(random(), 1.8))::int,
           year.moment(random(), random(), random(), random()),
           CASE WHEN random() < 0.1 THEN 0 ELSE (-ln(1 - random()) * 200)::int END,
           (ARRAY['user_in', 'user_in', 'user_in', 'user_in', 'user_out', 'user_out', 'user_out', 'user_out',
                  'user_out', 'conf_in', 'conf_out', 'ucap_in', 'ucap_out', 'user_out_forwarding',
                  'user_out_transfer', 'user_out_conf', 'unassigned_in', 'oc_ucap_in', 'user_in', 'user_out']
           )[1 + floor(random() * 20)::int],
           '+' || (ARRAY['44', '49', '33', '31', '1212', '27'])[1 + floor(power(random(), 2) * 6)::int]
               || floor(1e8 * (1 + 8 * random()))::bigint,
           'Microsoft', random(), random()
    FROM generate_series(1, current_setting('year.pstn')::int) i
) x
JOIN year.users u ON u.n = x.user_n;

INSERT INTO teams.pstn_calls (
    tenant_id, id, call_id, user_id, user_principal_name, user_display_name, start_at, end_at, duration_s, call_type,
    caller_number, callee_number, charge, connection_charge, currency, conference_id, destination_context,
    destination_name, inventory_type, license_capability, operator, call_duration_source, usage_country_code,
    tenant_country_code, other_party_country_code, updated_at, run_id, row_hash)
SELECT tenant_id, id::text, call_id,
       CASE WHEN NOT f.is_voice_app THEN user_id END,
       CASE WHEN NOT f.is_voice_app THEN upn END,
       CASE WHEN NOT f.is_voice_app THEN name END,
       start_at, start_at + interval '1 second' * duration_s, duration_s, call_type,
       CASE WHEN f.is_inbound AND r1 < 0.1 THEN left(other, -3) || '***' WHEN f.is_inbound THEN other
            ELSE own_number END,
       CASE WHEN f.is_inbound THEN own_number ELSE other END,
       CASE WHEN f.is_inbound THEN 0 ELSE round((duration_s / 60.0 * 0.02)::numeric, 4) END,
       CASE WHEN call_type = 'conf_out' THEN 0.05 ELSE 0 END,
       CASE country WHEN 'US' THEN 'USD' WHEN 'GB' THEN 'GBP' ELSE 'EUR' END,
       CASE WHEN call_type LIKE 'conf%' THEN gen_random_uuid()::text END,
       CASE WHEN r2 < 0.15 THEN 'International' ELSE 'Domestic' END,
       (ARRAY['United States', 'Germany', 'United Kingdom', 'Netherlands', 'France', 'South Africa']
       )[1 + floor(r2 * 6)::int],
       CASE WHEN f.is_voice_app THEN 'Service' ELSE 'Subscriber' END,
       (ARRAY['MCOPSTN1', 'MCOPSTN2', 'MCOPSTN5', 'MCOPSTNPP', 'FREECALL'])[1 + floor(power(r1, 3) * 5)::int],
       operator,
       CASE WHEN operator = 'Microsoft' THEN 'microsoft' ELSE 'operator' END,
       country, 'US',
       CASE WHEN r2 < 0.15 THEN 'ZA' ELSE country END,
       start_at + interval '1 day', 1, 1
FROM year.pstn
CROSS JOIN LATERAL (
    SELECT strpos(call_type, '_in') > 0 AS is_inbound, strpos(call_type, 'ucap') > 0 AS is_voice_app
) f
ORDER BY start_at;

INSERT INTO teams.direct_routing_calls (
    tenant_id, id, correlation_id, user_id, user_principal_name, user_display_name, invite_at, start_at, failure_at,
    end_at, duration_s, call_type, successful_call, caller_number, callee_number, media_path_location,
    signaling_location, final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
    user_country_code, other_party_country_code, updated_at, run_id, row_hash)
SELECT u.tenant_id, gen_random_uuid()::text, x.correlation_id, u.user_id, u.upn, u.name, x.invite_at,
       CASE WHEN x.is_answered THEN d.answer_at ELSE x.invite_at END,
       CASE WHEN NOT x.is_answered THEN x.invite_at + interval '1 second' * (1 + x.r2 * 30) END,
       CASE WHEN x.is_answered THEN d.answer_at + interval '1 second' * x.duration_s END,
       CASE WHEN x.is_answered THEN x.duration_s ELSE 0 END,
       x.call_type, x.is_answered,
       CASE WHEN x.is_inbound THEN x.other ELSE u.own_number END,
       CASE WHEN x.is_inbound THEN u.own_number ELSE x.other END,
       'USWE', 'EUNO',
       CASE WHEN x.is_answered THEN 0 ELSE x.failure[1] END,
       CASE WHEN x.is_answered THEN 540000 ELSE x.failure[2] END,
       CASE WHEN x.is_answered THEN 'BYE' ELSE 'failed' END,
       'sbc' || floor(power(x.r1, 1.7) * 8)::int || '.contoso.example',
       true, u.country, 'DE', x.invite_at + interval '1 day', 1, 1
FROM (
    SELECT y.*,
           CASE WHEN y.is_inbound
                THEN (ARRAY['ByotIn', 'ByotIn', 'ByotIn', 'ByotInUcap'])[1 + floor(random() * 4)::int]
                ELSE (ARRAY['ByotOut', 'ByotOut', 'ByotOut', 'ByotOutUserForwarding', 'ByotOutUserTransfer']
                     )[1 + floor(random() * 5)::int] END AS call_type,
           CASE floor(random() * 12)::int
               WHEN 0 THEN ARRAY[486, 10321]  WHEN 1 THEN ARRAY[487, 540487] WHEN 2 THEN ARRAY[487, 540487]
               WHEN 3 THEN ARRAY[480, 10037]  WHEN 4 THEN ARRAY[408, 560408] WHEN 5 THEN ARRAY[408, 500001]
               WHEN 6 THEN ARRAY[603, 560603] WHEN 7 THEN ARRAY[404, 511404] WHEN 8 THEN ARRAY[403, 510560]
               WHEN 9 THEN ARRAY[503, 560503] WHEN 10 THEN ARRAY[504, 569009] ELSE ARRAY[484, 560484]
           END AS failure
    FROM (
        SELECT c.id AS correlation_id, c.organizer_n AS user_n, c.start_at AS invite_at,
               c.duration_s::int AS duration_s, c.duration_s > 60 AS is_answered, c.n % 2 = 0 AS is_inbound,
               '+49' || (1510000000 + c.n) AS other, random() AS r1, random() AS r2
        FROM year.calls c
        WHERE c.kind = 'voice'
        UNION ALL
        SELECT gen_random_uuid(), floor(current_setting('year.users')::int * power(random(), 1.8))::int,
               year.moment(random(), random(), random(), random()), (-ln(1 - random()) * 180)::int,
               random() < 0.82, random() < 0.5,
               '+' || (ARRAY['44', '49', '33', '31', '1212', '27'])[1 + floor(power(random(), 2) * 6)::int]
                   || floor(1e8 * (1 + 8 * random()))::bigint,
               random(), random()
        FROM generate_series(1, current_setting('year.direct')::int)
    ) y
) x
JOIN year.users u ON u.n = x.user_n
CROSS JOIN LATERAL (SELECT x.invite_at + interval '1 second' * (2 + x.r2 * 15) AS answer_at) d
ORDER BY x.invite_at;

INSERT INTO teams.sms_messages (
    tenant_id, id, id_source, sms_id, user_id, user_principal_name, source_number, destination_number, sent_at,
    call_charge, currency, sms_type, destination_context, license_capability, sms_units, updated_at, run_id, row_hash)
SELECT u.tenant_id, gen_random_uuid()::text, 'graph', i::text, u.user_id, u.upn, u.own_number, '+4915100', x.sent_at,
       0.01, 'USD', CASE WHEN i % 2 = 0 THEN 'sms_in' ELSE 'sms_out' END, 'Domestic', 'MCOSMS1', 1, x.sent_at, 1, 1
FROM (
    SELECT i, year.moment(random(), random(), random(), random()) AS sent_at,
           floor(current_setting('year.users')::int * random())::int AS user_n
    FROM generate_series(1, current_setting('year.pstn')::int / 100) i
) x
JOIN year.users u ON u.n = x.user_n
ORDER BY x.sent_at;

-- One user a day is blocked; nine of ten are unblocked after two hours.
INSERT INTO teams.pstn_blocked_users_log (
    tenant_id, event_key, user_id, user_principal_name, user_telephone_number, block_at, block_reason,
    user_block_mode, remediation_id, updated_at, run_id, row_hash)
SELECT u.tenant_id, md5(i::text || k), u.user_id, u.upn, u.own_number,
       timestamptz '2025-11-01' + i * interval '1 day' + k * interval '2 hours', 'High Overall Usage',
       CASE k WHEN 0 THEN 'blocked' ELSE 'unblocked' END, md5(i::text), timestamptz '2026-11-01', 1, 1
FROM generate_series(1, 300) i
JOIN year.users u ON u.n = i * 3 % current_setting('year.users')::int
CROSS JOIN generate_series(0, (i % 10 <> 0)::int) k;

INSERT INTO teams.dialout_report (
    tenant_id, window_from, window_to, report_key, user_id, user_principal_name, usage_location, destination_context,
    currency, total_calls, total_call_seconds, total_call_charge, updated_at, run_id, row_hash)
SELECT tenant_id, day, day + interval '1 day', md5(user_id::text || destination_context || currency), user_id,
       min(user_principal_name), usage_country_code, destination_context, currency, count(*), sum(duration_s),
       sum(charge + connection_charge), day + interval '2 days', 1, 1
FROM teams.pstn_calls
CROSS JOIN LATERAL (SELECT date_trunc('day', start_at) AS day) d
WHERE call_type = 'conf_out'
GROUP BY tenant_id, day, user_id, usage_country_code, destination_context, currency
ORDER BY day;

INSERT INTO ingest.tenants (tenant_id, name, cloud, credential_kind)
SELECT DISTINCT tenant_id, 'tenant ' || right(tenant_id::text, 1), 'global', 'secret'
FROM year.users;

INSERT INTO ingest.endpoints (
    tenant_id, endpoint, enabled, schedule, interval_s, reach, settle, origin, settled_until, watermark, next_due_at)
SELECT DISTINCT tenant_id, endpoint, true, '*/5 * * * *', 300, interval '30 days', settle, timestamptz '2025-11-01',
       timestamptz '2026-10-30', timestamptz '2026-10-30', timestamptz '2026-11-01'
FROM year.users
CROSS JOIN (VALUES
    ('call_records', interval '4 hours'), ('pstn_calls', interval '48 hours'),
    ('direct_routing_calls', interval '48 hours'), ('sms_messages', interval '48 hours'),
    ('pstn_blocked_users_log', interval '48 hours'), ('dialout_report', interval '48 hours')
) e (endpoint, settle);
