-- Rows for cases of the views, made by functions that are called with named
-- arguments. What is not named has a harmless value; any further column is given
-- by its name in the argument more. Ids are numbers: given.id(7) is the GUID of 7,
-- and given.n() turns it back into 7.
CREATE SCHEMA given;

CREATE FUNCTION given.id(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
RETURN lpad(n::text, 32, '0')::uuid;

CREATE FUNCTION given.n(id uuid) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN replace(id::text, '-', '')::numeric::bigint;

CREATE FUNCTION given.tenant(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
RETURN ('a' || lpad(n::text, 31, '0'))::uuid;

-- put inserts a row into a table of schema teams. Columns that it does not name
-- have their defaults; an unknown name is an error.
CREATE FUNCTION given.put(table_name text, entry jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text := (SELECT string_agg(format('%I', name), ', ') FROM jsonb_object_keys(entry) name);
BEGIN
    EXECUTE format('INSERT INTO teams.%I (%s) SELECT %2$s FROM jsonb_populate_record(NULL::teams.%1$I, $1)',
        table_name, columns)
    USING entry;
END $$;

-- put_root inserts a row that an endpoint served.
CREATE FUNCTION given.put_root(table_name text, tenant bigint, entry jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT given.put(table_name, entry || jsonb_build_object(
        'tenant_id', given.tenant(tenant), 'updated_at', '2026-01-01T00:00:00Z', 'run_id', 1, 'row_hash', 1))
$$;

-- put_endpoint inserts one side of a session, segment or media; no row if there is
-- no such side.
CREATE FUNCTION given.put_endpoint(table_name text, side text, key jsonb, endpoint jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT given.put(table_name, key || endpoint || jsonb_build_object('side', side)) WHERE endpoint IS NOT NULL
$$;

-- Who can be at one side of a call. Further columns are added with ||.

CREATE FUNCTION given.person(n bigint) RETURNS jsonb IMMUTABLE LANGUAGE sql
RETURN jsonb_build_object('endpoint_type', 'participant', 'identity_kind', 'user', 'identity_id', given.id(n),
    'user_id', given.id(n), 'display_name', 'Person ' || n, 'principal_name', 'person' || n || '@example.com');

CREATE FUNCTION given.phone(number text) RETURNS jsonb IMMUTABLE LANGUAGE sql
RETURN jsonb_build_object('endpoint_type', 'participant', 'identity_kind', 'phone', 'identity_id', number);

CREATE FUNCTION given.service(role text) RETURNS jsonb IMMUTABLE LANGUAGE sql
RETURN jsonb_build_object('endpoint_type', 'service', 'service_role', role);

-- Call records and what is below them.

-- A call whose details are stored, unless more has details_version null. Its kind is
-- what Graph says it to be, p2p or group; of any other, more may give call_kind.
CREATE FUNCTION given.call(
    id bigint, start_at timestamptz, end_at timestamptz DEFAULT NULL, kind text DEFAULT 'p2p',
    organizer jsonb DEFAULT NULL, sessions integer DEFAULT 1, tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put_root('call_records', tenant, jsonb_build_object(
        'id', given.id(id), 'version', 1, 'details_version', 1, 'session_count', sessions,
        'type', CASE kind WHEN 'p2p' THEN 'peerToPeer' WHEN 'group' THEN 'groupCall' ELSE kind END,
        'call_kind', CASE WHEN kind IN ('p2p', 'group') THEN kind ELSE 'p2p' END,
        'start_at', start_at, 'end_at', end_at, 'last_modified_at', coalesce(end_at, start_at),
        'organizer_identity_kind', organizer -> 'identity_kind',
        'organizer_identity_id', organizer -> 'identity_id', 'organizer_user_id', organizer -> 'user_id',
        'organizer_display_name', organizer -> 'display_name',
        'organizer_principal_name', organizer -> 'principal_name') || more)
$$;

CREATE FUNCTION given.participant(
    call bigint, index integer, identity jsonb, tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put('call_participants', identity - 'endpoint_type' || jsonb_build_object(
        'tenant_id', given.tenant(tenant), 'call_id', given.id(call), 'participant_index', index,
        'participant_id', identity -> 'identity_id') || more)
$$;

CREATE FUNCTION given.session(
    call bigint, index integer, start_at timestamptz, end_at timestamptz, caller jsonb DEFAULT NULL,
    callee jsonb DEFAULT NULL, failure_stage text DEFAULT NULL, is_test boolean DEFAULT NULL,
    modalities text[] DEFAULT '{audio}', tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    WITH key AS (SELECT jsonb_build_object('tenant_id', given.tenant(tenant), 'call_id', given.id(call),
        'session_index', index) AS key)
    SELECT given.put('sessions', key || jsonb_build_object(
            'session_id', given.id(1000 * call + index), 'start_at', start_at, 'end_at', end_at,
            'failure_stage', failure_stage, 'is_test', is_test, 'modalities', modalities) || more),
        given.put_endpoint('session_endpoints', 'caller', key, caller),
        given.put_endpoint('session_endpoints', 'callee', key, callee)
    FROM key
$$;

CREATE FUNCTION given.segment(
    call bigint, session integer, index integer, start_at timestamptz DEFAULT NULL,
    end_at timestamptz DEFAULT NULL, caller jsonb DEFAULT NULL, callee jsonb DEFAULT NULL,
    failure_stage text DEFAULT NULL, tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    WITH key AS (SELECT jsonb_build_object('tenant_id', given.tenant(tenant), 'call_id', given.id(call),
        'session_index', session, 'segment_index', index) AS key)
    SELECT given.put('segments', key || jsonb_build_object(
            'segment_id', given.id(1000 * call + 10 * session + index), 'start_at', start_at, 'end_at', end_at,
            'failure_stage', failure_stage) || more),
        given.put_endpoint('segment_endpoints', 'caller', key, caller),
        given.put_endpoint('segment_endpoints', 'callee', key, callee)
    FROM key
$$;

-- The sides of a media are devices and networks: {"subnet": "10.1.0.0", …}.
CREATE FUNCTION given.media(
    call bigint, session integer, segment integer, index integer, label text DEFAULT 'main-audio',
    caller jsonb DEFAULT NULL, callee jsonb DEFAULT NULL, tenant bigint DEFAULT 1
) RETURNS void LANGUAGE sql AS $$
    WITH key AS (SELECT jsonb_build_object('tenant_id', given.tenant(tenant), 'call_id', given.id(call),
        'session_index', session, 'segment_index', segment, 'media_index', index) AS key)
    SELECT given.put('segment_media', key || jsonb_build_object('label', label)),
        given.put_endpoint('media_endpoints', 'caller', key, caller),
        given.put_endpoint('media_endpoints', 'callee', key, callee)
    FROM key
$$;

CREATE FUNCTION given.stream(
    call bigint, session integer, segment integer, media integer, index integer,
    direction text DEFAULT 'callerToCallee', packets bigint DEFAULT NULL, rtt_ms float8 DEFAULT NULL,
    jitter_ms float8 DEFAULT NULL, packet_loss float8 DEFAULT NULL, tenant bigint DEFAULT 1,
    more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put('media_streams', jsonb_build_object(
        'tenant_id', given.tenant(tenant), 'call_id', given.id(call), 'session_index', session,
        'segment_index', segment, 'media_index', media, 'stream_index', index, 'stream_direction', direction,
        'packet_utilization', packets, 'average_round_trip_time_ms', rtt_ms, 'average_jitter_ms', jitter_ms,
        'average_packet_loss_rate', packet_loss) || more)
$$;

-- The logs.

CREATE FUNCTION given.pstn(
    id text, start_at timestamptz, duration_s integer, call_type text DEFAULT 'user_out',
    caller text DEFAULT NULL, callee text DEFAULT NULL, person jsonb DEFAULT NULL, charge numeric DEFAULT NULL,
    currency text DEFAULT NULL, operator text DEFAULT 'Microsoft', call_id text DEFAULT NULL,
    tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put_root('pstn_calls', tenant, jsonb_build_object(
        'id', id, 'call_id', call_id, 'start_at', start_at,
        'end_at', start_at + duration_s * interval '1 second', 'duration_s', duration_s, 'call_type', call_type,
        'caller_number', caller, 'callee_number', callee, 'user_id', person -> 'user_id',
        'user_display_name', person -> 'display_name', 'user_principal_name', person -> 'principal_name',
        'charge', charge, 'currency', currency, 'operator', operator) || more)
$$;

-- A call that succeeded is answered delay_s after its invitation and then lasts
-- duration_s; one with another SIP code than 0 fails after delay_s.
CREATE FUNCTION given.direct_routing(
    id text, invite_at timestamptz, delay_s float8 DEFAULT 5, duration_s integer DEFAULT 0,
    sip_code integer DEFAULT 0, ms_subcode bigint DEFAULT 540000, call_type text DEFAULT 'ByotOut',
    trunk text DEFAULT 'sbc.example.com', caller text DEFAULT NULL, callee text DEFAULT NULL,
    person jsonb DEFAULT NULL, correlation bigint DEFAULT NULL, tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    WITH until AS (SELECT invite_at + delay_s * interval '1 second' AS answered_at)
    SELECT given.put_root('direct_routing_calls', tenant, jsonb_build_object(
        'id', id, 'invite_at', invite_at, 'start_at', CASE WHEN sip_code = 0 THEN answered_at ELSE invite_at END,
        'failure_at', CASE WHEN sip_code <> 0 THEN answered_at END,
        'end_at', CASE WHEN sip_code = 0 THEN answered_at + duration_s * interval '1 second' END,
        'duration_s', duration_s, 'successful_call', sip_code = 0, 'final_sip_code', sip_code,
        'call_end_sub_reason', ms_subcode, 'call_type', call_type, 'trunk_fqdn', trunk, 'caller_number', caller,
        'callee_number', callee, 'user_id', person -> 'user_id', 'user_display_name', person -> 'display_name',
        'user_principal_name', person -> 'principal_name', 'correlation_id', given.id(correlation)) || more)
    FROM until
$$;

CREATE FUNCTION given.sms(
    id text, sent_at timestamptz, sms_type text DEFAULT 'sms_out', units integer DEFAULT 1,
    charge numeric DEFAULT NULL, currency text DEFAULT NULL, person jsonb DEFAULT NULL,
    tenant bigint DEFAULT 1, more jsonb DEFAULT '{}'
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put_root('sms_messages', tenant, jsonb_build_object(
        'id', id, 'id_source', 'graph', 'sent_at', sent_at, 'sms_type', sms_type, 'sms_units', units,
        'call_charge', charge, 'currency', currency, 'user_id', person -> 'user_id') || more)
$$;

CREATE FUNCTION given.blocked(
    id text, block_at timestamptz, person jsonb, mode text DEFAULT 'blocked', reason text DEFAULT NULL,
    number text DEFAULT NULL, remediation text DEFAULT NULL, tenant bigint DEFAULT 1
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put_root('pstn_blocked_users_log', tenant, jsonb_build_object(
        'event_key', id, 'block_at', block_at, 'user_id', person -> 'user_id', 'user_block_mode', mode,
        'block_reason', reason, 'user_telephone_number', number, 'remediation_id', remediation))
$$;

CREATE FUNCTION given.dialout(
    key text, day date, calls integer, seconds integer, charge numeric, currency text DEFAULT 'USD',
    person jsonb DEFAULT NULL, location text DEFAULT NULL, context text DEFAULT NULL, tenant bigint DEFAULT 1
) RETURNS void LANGUAGE sql AS $$
    SELECT given.put_root('dialout_report', tenant, jsonb_build_object(
        'report_key', key, 'window_from', day::timestamp AT TIME ZONE 'UTC',
        'window_to', (day + 1)::timestamp AT TIME ZONE 'UTC', 'user_id', person -> 'user_id',
        'usage_location', location, 'destination_context', context, 'currency', currency, 'total_calls', calls,
        'total_call_seconds', seconds, 'total_call_charge', charge))
$$;

-- Until when an endpoint's rows are settled.
CREATE FUNCTION given.settled(endpoint text, until timestamptz, tenant bigint DEFAULT 1) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO ingest.endpoints
        (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until, watermark)
    VALUES (given.tenant(tenant), endpoint, true, '', '30 days', '4 hours', '2025-01-01', until, until)
$$;

-- refresh has the calendars span the rows given, and fills the rollups that a view
-- is made of with the days of these rows. The harness calls it after the rows are
-- given; a case that changes rows calls it again.
CREATE FUNCTION given.refresh(view_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    needed text[] := (
        WITH RECURSIVE used(id) AS (
            SELECT to_regclass('analytics.' || view_name)::oid
            UNION
            SELECT next.id
            FROM used
            CROSS JOIN LATERAL (
                SELECT d.refobjid AS id
                FROM pg_rewrite r
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                WHERE r.ev_class = used.id AND d.refclassid = 'pg_class'::regclass
                UNION ALL
                SELECT to_regclass('live.' || c.relname)
                FROM pg_class c
                WHERE c.oid = used.id AND c.relnamespace = 'rollup'::regnamespace
            ) next
        )
        SELECT array_agg(v.name ORDER BY v.position, v.name)
        FROM rollup.views v
        WHERE to_regclass('rollup.' || v.name)::oid IN (SELECT id FROM used)
    );
    days date[] := (
        SELECT array_agg(DISTINCT (at AT TIME ZONE s.report_timezone)::date + beside)
        FROM ref.settings s
        CROSS JOIN (
            SELECT start_at AS at FROM teams.call_records
            UNION SELECT start_at FROM teams.pstn_calls
            UNION SELECT coalesce(invite_at, start_at) FROM teams.direct_routing_calls
            UNION SELECT sent_at FROM teams.sms_messages
            UNION SELECT block_at FROM teams.pstn_blocked_users_log
            UNION SELECT window_from FROM teams.dialout_report
        ) times
        CROSS JOIN generate_series(-1, 1) beside
        WHERE at IS NOT NULL
    );
    name text;
BEGIN
    IF needed IS NOT NULL AND days IS NOT NULL THEN
        PERFORM ref.fill_calendars(days[1], days[cardinality(days)]);
        FOREACH name IN ARRAY needed LOOP
            EXECUTE format('DELETE FROM rollup.%I', name);
            EXECUTE format('INSERT INTO rollup.%I SELECT * FROM live.%1$I WHERE day = ANY ($1)', name) USING days;
        END LOOP;
    END IF;
END $$;

-- copy_tenant gives one tenant the same rows and list entries as another.
CREATE FUNCTION given.copy_tenant(source bigint, copy bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name regclass;
    columns text;
BEGIN
    FOR name, columns IN
        SELECT c.oid, string_agg(quote_ident(a.attname), ', ')
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE (c.relnamespace IN ('teams'::regnamespace, 'ref'::regnamespace)
                OR c.oid = 'ingest.endpoints'::regclass)
            AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = '' AND a.attname <> 'tenant_id'
            AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')
        GROUP BY c.oid
    LOOP
        EXECUTE format('INSERT INTO %s (tenant_id, %s) SELECT $2, %2$s FROM %1$s WHERE tenant_id = $1', name, columns)
        USING given.tenant(source), given.tenant(copy);
    END LOOP;
END $$;
