-- Rows of two tenants that reach every view. Ids end in the number of the tenant, so
-- that they are told apart; columns that may hold personal data are filled by the
-- test.
CREATE FUNCTION given.tenants_rows(t integer) RETURNS void LANGUAGE sql AS $$
    SELECT given.settled(e, '2026-01-20', tenant => t)
    FROM unnest(ARRAY['call_records', 'pstn_calls', 'direct_routing_calls', 'sms_messages', 'pstn_blocked_users_log',
        'dialout_report']) e;

    -- A group call of two people, who rate it, with a poor stream of audio.
    SELECT given.call(id => 70000 + t, tenant => t, kind => 'group', start_at => '2026-01-05 10:00',
        end_at => '2026-01-05 10:30', organizer => given.person(10 + t), more => '{"join_web_url": "x"}');
    SELECT given.participant(call => 70000 + t, tenant => t, index => n, identity => given.person(10 + 10 * n + t))
    FROM generate_series(0, 1) n;
    SELECT given.session(call => 70000 + t, tenant => t, index => 0, start_at => '2026-01-05 10:00',
        end_at => '2026-01-05 10:30',
        caller => given.person(10 + t) || '{"platform": "windows", "feedback_rating": "bad", "feedback_text": "x"}',
        callee => given.person(20 + t) || '{"platform": "windows", "feedback_rating": "good", "feedback_text": "x"}');
    SELECT given.segment(call => 70000 + t, tenant => t, session => 0, index => 0, start_at => '2026-01-05 10:00',
        end_at => '2026-01-05 10:30', caller => given.person(10 + t) || '{"platform": "windows"}',
        callee => given.person(20 + t) || '{"platform": "windows"}');
    SELECT given.media(call => 70000 + t, tenant => t, session => 0, segment => 0, index => 0,
        caller => '{"subnet": "x", "capture_device_name": "Jabra", "render_device_name": "Jabra"}',
        callee => '{"subnet": "x", "capture_device_name": "Jabra", "render_device_name": "Jabra"}');
    SELECT given.stream(call => 70000 + t, tenant => t, session => 0, segment => 0, media => 0, index => 0,
        packets => 5000, rtt_ms => 900, jitter_ms => 1, packet_loss => 0);

    -- A call of two that nobody answers.
    SELECT given.call(id => 71000 + t, tenant => t, start_at => '2026-01-05 11:00', end_at => '2026-01-05 11:00',
        organizer => given.person(10 + t));
    SELECT given.session(call => 71000 + t, tenant => t, index => 0, start_at => '2026-01-05 11:00',
        end_at => '2026-01-05 11:00', caller => given.person(10 + t), callee => given.person(20 + t));

    -- Phone calls: abroad and forwarded, in and missed, of both logs.
    SELECT given.pstn(id => 'secret-p' || n || t, tenant => t, start_at => '2026-01-05 12:00',
        duration_s => 60 * (n - 1), call_type => type, caller => 'x', callee => 'x', person => given.person(10 + t),
        charge => 1, currency => 'EUR',
        more => '{"destination_context": "International", "license_capability": "MCOPSTN2"}')
    FROM (VALUES (1, 'user_in'), (2, 'user_out_forwarding'), (3, 'emergency_out'), (4, 'conf_out')) c (n, type);
    SELECT given.direct_routing(id => 'secret-d' || n || t, tenant => t, invite_at => '2026-01-05 13:00',
        duration_s => 60, sip_code => code, call_type => type, caller => 'x', callee => 'x',
        person => given.person(10 + t), correlation => 72000 + 10 * n + t)
    FROM (VALUES (1, 0, 'ByotOut'), (2, 503, 'ByotOut'), (3, 486, 'ByotIn')) c (n, code, type);
    SELECT given.sms(id => 'secret-s' || t, tenant => t, sent_at => '2026-01-05 14:00', charge => 1, currency => 'EUR',
        person => given.person(10 + t));
    SELECT given.blocked(id => 'secret-b' || t, tenant => t, block_at => '2026-01-05 15:00',
        person => given.person(10 + t), number => 'x');
    SELECT given.dialout(key => 'secret-o' || t, tenant => t, day => '2026-01-05', calls => 1, seconds => 60,
        charge => 1, person => given.person(10 + t), location => 'DE', context => 'Domestic');
    SELECT given.put('users', jsonb_build_object('tenant_id', given.tenant(t), 'user_id', given.id(10 * n + t),
        'display_name', 'x', 'principal_name', 'x', 'first_seen_on', '2026-01-05', 'last_seen_on', '2026-01-05',
        'source', 'pstn_calls'))
    FROM generate_series(1, 2) n;

    -- Lists, and what is kept raw.
    INSERT INTO ref.org_units (tenant_id, user_id, department) VALUES (given.tenant(t), given.id(10 + t), 'Sales');
    INSERT INTO ref.numbers (tenant_id, number) VALUES (given.tenant(t), 'secret-i' || t);
    INSERT INTO ref.service_identities (tenant_id, identity_id) VALUES (given.tenant(t), 'secret-i' || t);
    INSERT INTO ref.site_subnets (tenant_id, network, site)
    VALUES (given.tenant(t), ('203.0.113.7' || t)::cidr, 'Berlin');
    INSERT INTO ref.license_pools VALUES (given.tenant(t), 'MCOPSTN2', 'DE', 'International', 600, 1);
    INSERT INTO ingest.rejects (tenant_id, endpoint, sha256, key, reason, stored, raw, run_id, served_at)
    VALUES (given.tenant(t), 'pstn_calls', 'x', 'secret-j' || t, 'no key', false,
        convert_to('secret-j' || t, 'UTF8'), 1, now());
    INSERT INTO ingest.tombstones (tenant_id, table_name, key, op)
    VALUES (given.tenant(t), 'pstn_calls', jsonb_build_object('id', 'secret-t' || t), 'delete');
$$;

INSERT INTO ingest.unknown_members (endpoint, member) VALUES ('pstn_calls', 'tariff');
SELECT given.tenants_rows(t) FROM generate_series(1, 2) t;
