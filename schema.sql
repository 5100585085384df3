-- The schema that all migrations make, for people to read. It is made by
--     go test ./migrations -run TestSchema -update
-- and a test holds it to the migrations.

CREATE SCHEMA analytics;
COMMENT ON SCHEMA analytics IS 'Views for analysts. Inside a major version they gain columns at their end and lose none. Ratios are 0 to 1, columns in _pct 0 to 100, money always has its currency beside it, enums are compared without regard to case. Views of hours, days and months are read from rollup, all others from teams. Counts of distinct people are not to be added up over days or trunks.';

CREATE SCHEMA ingest;
COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon';

CREATE SCHEMA live;
COMMENT ON SCHEMA live IS 'What rollup is filled from: views that compute every hour and day from teams, and the building blocks of views. Slow by design; granted to no reader.';

CREATE SCHEMA ref;
COMMENT ON SCHEMA ref IS 'Lists that you may edit: an upgrade adds rows and never changes yours. A list with tenant_id has rows of one tenant and, where it is null, of all; the own row of a tenant wins. Also the calendars of the report time zone.';

CREATE SCHEMA rollup;
COMMENT ON SCHEMA rollup IS 'Tables behind the views of hours, days and months, filled from live by the daemon where data has changed; and what it needs to know of that. Granted to no reader.';

CREATE SCHEMA teams;
COMMENT ON SCHEMA teams IS 'ingestd: what Microsoft Graph served, normalized';

CREATE FUNCTION analytics.blame(sub_reason bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with((sub_reason)::text, '560'::text) THEN 'sbc'::text WHEN (sub_reason IS NOT NULL) THEN 'microsoft'::text ELSE NULL::text END;
COMMENT ON FUNCTION analytics.blame(sub_reason bigint) IS 'Who sent a subcode: sbc if it begins with 560, else microsoft. Null of null.';

CREATE FUNCTION analytics.lower_ascii(word text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower((word COLLATE "C"));
COMMENT ON FUNCTION analytics.lower_ascii(word text) IS 'A word in lower case, its letters A to Z; others stay.';

CREATE FUNCTION analytics.call_tokens(call_type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(string_to_array(analytics.lower_ascii(regexp_replace(regexp_replace((call_type COLLATE "C"), '^byot(in|out)(ucap|user)?(conf|forwarding|transfer)?$'::text, 'byot_\1_\2_\3'::text, 'i'::text), '([a-z0-9])([A-Z])'::text, '\1_\2'::text, 'g'::text)), '_'::text), ''::text);
COMMENT ON FUNCTION analytics.call_tokens(call_type text) IS 'Words of a call type in lower case: ByotOutUserForwarding is byot, out, user, forwarding. Null of null.';

CREATE FUNCTION analytics.direction_of(tokens text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ('in'::text = ANY (tokens)) THEN 'inbound'::text WHEN ('out'::text = ANY (tokens)) THEN 'outbound'::text ELSE 'unknown'::text END;
COMMENT ON FUNCTION analytics.direction_of(tokens text[]) IS 'Direction of a call by the words of its type: inbound, outbound or unknown.';

CREATE FUNCTION analytics.erlang_channels(erlangs double precision, blocked double precision) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    blocking float8 := 1;
    channels integer := 0;
BEGIN
    IF erlangs <= 0 THEN
        RETURN 0;
    ELSIF erlangs >= 'Infinity' OR blocked <= 0 THEN
        RETURN NULL;
    END IF;
    WHILE blocking > blocked LOOP
        channels := channels + 1;
        blocking := erlangs * blocking / (channels + erlangs * blocking);
    END LOOP;
    RETURN channels;
END $$;
COMMENT ON FUNCTION analytics.erlang_channels(erlangs double precision, blocked double precision) IS 'Channels that a load in erlangs needs so that no more than a share of calls, 0 to 1, finds none free (Erlang B). Null where no number would do.';

CREATE FUNCTION analytics.is_voice_app(service_role text, user_agent_header text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((lower(service_role) = ANY (ARRAY['skypeforbusinesscallqueues'::text, 'skypeforbusinessautoattendant'::text])) OR (strpos(lower(user_agent_header), 'callqueue'::text) > 0) OR (strpos(lower(user_agent_header), 'autoattendant'::text) > 0));
COMMENT ON FUNCTION analytics.is_voice_app(service_role text, user_agent_header text) IS 'Whether an endpoint of a session is a call queue or an auto attendant.';

CREATE FUNCTION analytics.media_kind(label text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (strpos(analytics.lower_ascii(label), 'audio'::text) > 0) THEN 'audio'::text WHEN (strpos(analytics.lower_ascii(label), 'applicationsharing'::text) > 0) THEN 'vbss'::text WHEN (strpos(analytics.lower_ascii(label), 'vbss'::text) > 0) THEN 'vbss'::text WHEN (strpos(analytics.lower_ascii(label), 'video'::text) > 0) THEN 'video'::text ELSE 'data'::text END;
COMMENT ON FUNCTION analytics.media_kind(label text) IS 'What a media carries, by its label: audio, video, vbss (screen sharing) or data.';

CREATE FUNCTION analytics.shown_digits(number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN split_part(ltrim(number, '+'::text), '*'::text, 1);
COMMENT ON FUNCTION analytics.shown_digits(number text) IS 'Digits of a number before the first one that is masked, without plus.';

CREATE FUNCTION analytics.number_matches(a text, b text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((strpos(a, '*'::text) = 0) AND (strpos(b, '*'::text) = 0)) THEN (ltrim(a, '+'::text) = ltrim(b, '+'::text)) WHEN (strpos(b, '*'::text) = 0) THEN ((length(analytics.shown_digits(a)) >= 6) AND starts_with(ltrim(b, '+'::text), analytics.shown_digits(a))) WHEN (strpos(a, '*'::text) = 0) THEN ((length(analytics.shown_digits(b)) >= 6) AND starts_with(ltrim(a, '+'::text), analytics.shown_digits(b))) ELSE ((LEAST(length(analytics.shown_digits(a)), length(analytics.shown_digits(b))) >= 6) AND (starts_with(analytics.shown_digits(a), analytics.shown_digits(b)) OR starts_with(analytics.shown_digits(b), analytics.shown_digits(a)))) END;
COMMENT ON FUNCTION analytics.number_matches(a text, b text) IS 'Whether two numbers may be the same, one of them perhaps masked with *, of which 6 digits have to show. For finding the call record of a call; elsewhere a masked number equals no other.';

CREATE FUNCTION analytics.pct(n numeric, d numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(((100.0 * n) / NULLIF(d, (0)::numeric)), 2);
COMMENT ON FUNCTION analytics.pct(n numeric, d numeric) IS 'n in percent of d, rounded to two places. Null if d is 0.';

CREATE FUNCTION analytics.poor_reasons(media_kind text, packets bigint, rtt_ms double precision, jitter_ms double precision, packet_loss double precision, frame_loss_pct double precision, frame_rate double precision, fec_loss double precision) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE media_kind WHEN 'audio'::text THEN CASE WHEN (packets > 500) THEN NULLIF(concat_ws(','::text, CASE WHEN (rtt_ms > (500)::double precision) THEN 'rtt'::text ELSE NULL::text END, CASE WHEN (jitter_ms > (30)::double precision) THEN 'jitter'::text ELSE NULL::text END, CASE WHEN (packet_loss > (0.1)::double precision) THEN 'loss'::text ELSE NULL::text END), ''::text) ELSE NULL::text END WHEN 'video'::text THEN CASE WHEN (frame_loss_pct IS NOT NULL) THEN CASE WHEN (frame_loss_pct > (50)::double precision) THEN 'frame_loss'::text ELSE NULL::text END WHEN (frame_rate IS NOT NULL) THEN CASE WHEN (frame_rate < (7)::double precision) THEN 'frame_rate'::text ELSE NULL::text END WHEN (fec_loss > (0.15)::double precision) THEN 'fec_loss'::text ELSE NULL::text END WHEN 'vbss'::text THEN CASE WHEN (frame_loss_pct IS NOT NULL) THEN CASE WHEN (frame_loss_pct > (50)::double precision) THEN 'frame_loss'::text ELSE NULL::text END WHEN (frame_rate IS NOT NULL) THEN CASE WHEN (frame_rate < (2)::double precision) THEN 'frame_rate'::text ELSE NULL::text END WHEN (fec_loss > (0.15)::double precision) THEN 'fec_loss'::text ELSE NULL::text END ELSE NULL::text END;
COMMENT ON FUNCTION analytics.poor_reasons(media_kind text, packets bigint, rtt_ms double precision, jitter_ms double precision, packet_loss double precision, frame_loss_pct double precision, frame_rate double precision, fec_loss double precision) IS 'The measures that make a stream poor, joined by commas. Null if it is not.';

CREATE FUNCTION analytics.scenario_of(tokens text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ('emergency'::text = ANY (tokens)) THEN 'emergency'::text WHEN ('unassigned'::text = ANY (tokens)) THEN 'unassigned_number'::text WHEN ('ucap'::text = ANY (tokens)) THEN 'voice_app'::text WHEN (((tokens)[1] = 'conf'::text) OR ((tokens)[1:2] = ARRAY['oc'::text, 'conf'::text])) THEN 'audio_conference'::text WHEN (tokens && ARRAY['forwarding'::text, 'forward'::text]) THEN 'user_forward'::text WHEN ('transfer'::text = ANY (tokens)) THEN 'user_transfer'::text WHEN ((tokens)[cardinality(tokens)] = 'conf'::text) THEN 'user_add_participant'::text WHEN (tokens && ARRAY['in'::text, 'out'::text]) THEN 'user'::text ELSE 'other'::text END;
COMMENT ON FUNCTION analytics.scenario_of(tokens text[]) IS 'What a call is for, by the words of its type, such as user, voice_app, user_forward.';

CREATE FUNCTION analytics.stream_quality(media_kind text, packets bigint, rtt_ms double precision, jitter_ms double precision, packet_loss double precision, frame_loss_pct double precision, frame_rate double precision, fec_loss double precision) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE CASE media_kind WHEN 'audio'::text THEN CASE WHEN ((packets > 500) AND (COALESCE(rtt_ms, jitter_ms, packet_loss) IS NOT NULL)) THEN (COALESCE((rtt_ms > (500)::double precision), false) OR COALESCE((jitter_ms > (30)::double precision), false) OR COALESCE((packet_loss > (0.1)::double precision), false)) ELSE NULL::boolean END WHEN 'video'::text THEN COALESCE((frame_loss_pct > (50)::double precision), (frame_rate < (7)::double precision), (fec_loss > (0.15)::double precision)) WHEN 'vbss'::text THEN COALESCE((frame_loss_pct > (50)::double precision), (frame_rate < (2)::double precision), (fec_loss > (0.15)::double precision)) ELSE NULL::boolean END WHEN true THEN 'poor'::text WHEN false THEN 'good'::text ELSE 'unclassified'::text END;
COMMENT ON FUNCTION analytics.stream_quality(media_kind text, packets bigint, rtt_ms double precision, jitter_ms double precision, packet_loss double precision, frame_loss_pct double precision, frame_rate double precision, fec_loss double precision) IS 'Class of a stream by Microsoft''s published limits (cqd_2024): good, poor, or unclassified where there is too little to judge by.';

CREATE TABLE ingest.tombstones (
    tenant_id uuid NOT NULL,
    tombstone_id bigint NOT NULL,
    table_name text NOT NULL COLLATE pg_catalog."C",
    key jsonb NOT NULL,
    op text NOT NULL,
    deleted_at timestamp with time zone DEFAULT now() NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE ingest.tombstones IS 'Rows of schema teams that were deleted, for readers that follow changes.';
COMMENT ON COLUMN ingest.tombstones.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.tombstones.tombstone_id IS 'Number of the tombstone.';
COMMENT ON COLUMN ingest.tombstones.table_name IS 'Table in schema teams.';
COMMENT ON COLUMN ingest.tombstones.key IS 'Key columns of the deleted row.';
COMMENT ON COLUMN ingest.tombstones.op IS 'delete: Graph no longer names it. expire: it was kept as long as wanted; a copy that keeps history keeps it.';
COMMENT ON COLUMN ingest.tombstones.deleted_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN ingest.tombstones.change_xid IS 'Transaction of the deletion, for readers that follow changes.';

CREATE FUNCTION ingest.feed_epoch() RETURNS text
    LANGUAGE sql STABLE
    RETURN (SELECT ((((((pg_control_system.system_identifier || '.'::text) || CASE WHEN pg_is_in_recovery() THEN (SELECT lpad(upper(to_hex(pg_stat_wal_receiver.received_tli)), 8, '0'::text) AS lpad FROM pg_stat_wal_receiver) ELSE "left"(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END) || '.'::text) || (SELECT pg_database.oid FROM pg_database WHERE (pg_database.datname = current_database()))) || '.'::text) || ('ingest.tombstones'::regclass)::oid) FROM pg_control_system() pg_control_system(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified));
COMMENT ON FUNCTION ingest.feed_epoch() IS 'Names the cluster, the timeline, the database and the tables that transaction numbers belong to. Where it changes, a reader of analytics.change_feed reads all again. Null on a standby that receives no log just now, or whose reader is no member of pg_read_all_stats.';

CREATE FUNCTION ingest.feed_hold_back() RETURNS interval
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH writer AS (
        SELECT backend_xid AS xid, xact_start AS since
        FROM pg_stat_activity
        WHERE backend_xid IS NOT NULL
        UNION ALL
        SELECT transaction, prepared
        FROM pg_prepared_xacts
    )
    SELECT CASE
        WHEN pg_is_in_recovery() THEN NULL -- the writers are elsewhere
        WHEN EXISTS (SELECT FROM writer) THEN
            (SELECT clock_timestamp() - since FROM writer ORDER BY age(xid) DESC LIMIT 1)
        ELSE interval '0'
    END
$$;
COMMENT ON FUNCTION ingest.feed_hold_back() IS 'Age of the transaction that analytics.change_feed waits for: the first that has written, anywhere in the cluster, and is not over; a prepared one counts from its preparation. 0 if there is none. Null if not known: on a standby, or where it is another user''s and the function''s owner is no member of pg_read_all_stats.';

CREATE FUNCTION ingest.feed_horizon() RETURNS xid8
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN pg_snapshot_xmin(pg_current_snapshot());
COMMENT ON FUNCTION ingest.feed_horizon() IS 'The transaction before which all others are over, whoever ran them and in whatever database of the cluster: analytics.change_feed shows what changed before it.';

CREATE FUNCTION live.is_common_subnet(subnet text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (split_part(subnet, '/'::text, 1) = ANY (ARRAY['10.0.0.0'::text, '192.168.0.0'::text, '192.168.1.0'::text, '192.168.2.0'::text, '172.20.10.0'::text, '192.168.43.0'::text]));
COMMENT ON FUNCTION live.is_common_subnet(subnet text) IS 'Whether so many homes share a subnet that it names no place. Null without a subnet.';

CREATE FUNCTION live.to_float8(number numeric) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (abs(number) < 0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001) THEN (0)::double precision WHEN (abs(number) < '1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric) THEN (number)::double precision ELSE NULL::double precision END;
COMMENT ON FUNCTION live.to_float8(number numeric) IS 'A number in floating point. 0 if it is too small for that, null if it is too large.';

CREATE FUNCTION live.to_inet(address text) RETURNS inet
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((address ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])([.](?!$)|$)){4}$'::text) OR (address ~* '^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$'::text) OR ((address ~* '^([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}$'::text) AND (address ~ '::'::text) AND (address !~ ':::|::.*::|^:[^:]|[^:]:$'::text))) THEN (address)::inet ELSE NULL::inet END;
COMMENT ON FUNCTION live.to_inet(address text) IS 'Address of a text, without a prefix length. Null if it is none.';

CREATE FUNCTION ref.extend_calendars() RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    zone text;
    today date;
    launch timestamptz := '2017-01-01Z';
    first timestamptz := least(
        (SELECT min(start_at) FROM teams.call_records WHERE start_at >= launch),
        (SELECT min(start_at) FROM teams.pstn_calls WHERE start_at >= launch),
        (SELECT min(coalesce(invite_at, start_at)) FROM teams.direct_routing_calls
            WHERE coalesce(invite_at, start_at) >= launch),
        (SELECT min(sent_at) FROM teams.sms_messages WHERE sent_at >= launch),
        (SELECT min(block_at) FROM teams.pstn_blocked_users_log WHERE block_at >= launch),
        (SELECT min(window_from) FROM teams.dialout_report WHERE window_from >= launch));
BEGIN
    INSERT INTO ref.settings DEFAULT VALUES ON CONFLICT DO NOTHING;
    zone := (SELECT report_timezone FROM ref.settings);
    today := (now() AT TIME ZONE zone)::date;
    RETURN ref.fill_calendars(least((first AT TIME ZONE zone)::date, today), today + 1);
END $$;
COMMENT ON FUNCTION ref.extend_calendars() IS 'Makes days and hours reach from the first row with a time to tomorrow. True if all were made anew.';

CREATE FUNCTION ref.fill_calendars(first date, last date) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    zone text := (SELECT report_timezone FROM ref.settings);
    old_first date := (SELECT min(day) FROM ref.days);
    old_last date := (SELECT max(day) FROM ref.days);
    are_of_another_zone boolean := EXISTS (
        SELECT FROM ref.days
        WHERE from_at <> ref.midnight(day, zone) OR to_at <> ref.midnight(day + 1, zone)
    );
BEGIN
    first := least(first, old_first);
    last := greatest(last, old_last);
    IF are_of_another_zone THEN
        DELETE FROM ref.hours;
        DELETE FROM ref.days;
        old_first := NULL;
    END IF;
    WITH new AS (
        INSERT INTO ref.days (day, from_at, to_at, week, month, day_of_week)
        SELECT d::date, ref.midnight(d, zone), ref.midnight(d + interval '1 day', zone),
            date_trunc('week', d)::date, date_trunc('month', d)::date, extract(isodow FROM d)
        FROM generate_series(first::timestamp, last::timestamp, interval '1 day') d
        WHERE old_first IS NULL OR d < old_first OR d > old_last
        ON CONFLICT DO NOTHING
        RETURNING *
    )
    INSERT INTO ref.hours (hour, from_at, to_at, day, hour_of_day, day_of_week)
    SELECT h, h, least(h + interval '1 hour', new.to_at), new.day, extract(hour FROM h AT TIME ZONE zone),
        new.day_of_week
    FROM new
    CROSS JOIN generate_series(new.from_at, new.to_at - interval '1 second', interval '1 hour') h
    ON CONFLICT DO NOTHING;
    RETURN are_of_another_zone;
END $$;
COMMENT ON FUNCTION ref.fill_calendars(first date, last date) IS 'Makes days and hours reach from one day to another, and all of them anew after the time zone has changed: true if so.';

CREATE FUNCTION ref.midnight(day timestamp without time zone, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((day AT TIME ZONE zone) - CASE WHEN ((((day AT TIME ZONE zone) - '01:00:00'::interval) AT TIME ZONE zone) >= day) THEN '01:00:00'::interval ELSE '00:00:00'::interval END);
COMMENT ON FUNCTION ref.midnight(day timestamp without time zone, zone text) IS 'Instant at which a day begins in a time zone.';

CREATE FUNCTION rollup.digest(list regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    digest text;
BEGIN
    EXECUTE format('
        SELECT md5(coalesce(string_agg(l::text, E''\n'' ORDER BY l::text COLLATE "C"), ''''))
        FROM %s AS l', list)
    INTO digest;
    RETURN digest;
END $$;
COMMENT ON FUNCTION rollup.digest(list regclass) IS 'A digest of all rows of a list.';

CREATE FUNCTION rollup.note(tenant uuid, source text, first timestamp with time zone, last timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM rollup.sources WHERE name = source) THEN
        RAISE EXCEPTION 'rollup.note: % is no endpoint; it is one of %', source,
            (SELECT string_agg(name, ', ') FROM rollup.sources);
    END IF;
    INSERT INTO rollup.stale (tenant_id, source, at)
    SELECT tenant, source, at
    FROM generate_series(date_trunc('hour', first), last, interval '1 hour') AS at;
END $$;
COMMENT ON FUNCTION rollup.note(tenant uuid, source text, first timestamp with time zone, last timestamp with time zone) IS 'Says that rows of an endpoint were changed by SQL, once for the span of their old times and once for that of their new ones. The next refresh computes these days anew.';

CREATE FUNCTION rollup.note_all() RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    zone text := (SELECT report_timezone FROM ref.settings);
    used text;
BEGIN
    SELECT string_agg(days, ' UNION ')
    INTO used
    FROM (
        SELECT format('SELECT tenant_id, %L AS source, (%s AT TIME ZONE %L)::date AS day FROM teams.%I',
            name, at, zone, name) AS days
        FROM rollup.sources
        UNION ALL
        SELECT format('SELECT tenant_id, %L, day FROM rollup.%I', sources[1], name)
        FROM rollup.views
    ) AS tables;
    EXECUTE format('
        INSERT INTO rollup.stale (tenant_id, source, at)
        SELECT tenant_id, source, from_at + (to_at - from_at) / 2
        FROM (%s) AS used
        JOIN ref.days USING (day)', used);
END $$;
COMMENT ON FUNCTION rollup.note_all() IS 'Has the next refresh compute all days anew.';

CREATE FUNCTION rollup.ripe_before() RETURNS xid8
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN '18446744073709551615'::xid8;
COMMENT ON FUNCTION rollup.ripe_before() IS 'The transaction from which on a refresh of the rollups leaves notes for later, as rows that they are about may not be seen yet: none here, on Citus ingest.feed_horizon().';

CREATE FUNCTION teams.details_month() RETURNS date
    LANGUAGE sql STABLE
    AS $$
    SELECT month::date
    FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS month
    WHERE to_regclass('teams.sessions' || to_char(month, '_YYYY_MM')) IS NOT NULL
$$;
COMMENT ON FUNCTION teams.details_month() IS 'The month that calls are of which are stored now; null if it has no tables.';

CREATE FUNCTION teams.details_tables() RETURNS SETOF text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT unnest(ARRAY['call_participants', 'sessions', 'session_endpoints', 'segments', 'segment_endpoints',
        'segment_media', 'media_endpoints', 'media_streams'])
$$;
COMMENT ON FUNCTION teams.details_tables() IS 'Names the tables of details, which may be divided into months.';

CREATE FUNCTION teams.drop_month(OUT month date, OUT is_gone boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '50ms'
    AS $$
DECLARE
    parts text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('teams.keep_months', 0)); -- one at a time
    month := (SELECT min(old) FROM teams.old_months() AS old);
    SELECT array_agg(part ORDER BY name <> 'sessions', name)
    INTO parts
    FROM teams.details_tables() AS name
    CROSS JOIN LATERAL (SELECT 'teams.' || name || to_char(month, '_YYYY_MM')) AS of (part)
    WHERE to_regclass(part) IS NOT NULL;
    IF parts IS NULL THEN
        RETURN;
    END IF;
    EXECUTE 'LOCK TABLE ' || parts[1];
    IF month NOT IN (SELECT teams.old_months()) THEN
        month := NULL;
        RETURN;
    END IF;
    EXECUTE 'DROP TABLE ' || parts[1];
    is_gone := cardinality(parts) = 1;
END $$;
COMMENT ON FUNCTION teams.drop_month(OUT month date, OUT is_gone boolean) IS 'Drops a table of the first of old_months, and returns the month, if there is one, and whether that was its last table.';

CREATE FUNCTION teams.keep_months() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'error'
    AS $_$
DECLARE
    whole text;
    month text;
    change text;
    stale text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('teams.keep_months', 0)); -- one at a time
    FOR whole, month IN
        SELECT name, name || to_char(this_month + n * interval '1 month', '_YYYY_MM')
        FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS this_month
        CROSS JOIN generate_series(0, 2) AS n
        CROSS JOIN teams.details_tables() AS name
    LOOP
        CONTINUE WHEN to_regclass('teams.' || month) IS NOT NULL;
        EXECUTE format('CREATE TABLE teams.%I (LIKE teams.%I INCLUDING INDEXES) INHERITS (teams.%2$I)', month, whole);
        FOR change IN
            SELECT format('COMMENT ON TABLE teams.%I IS %L', month,
                format('Rows of teams.%s whose call was first stored in this month.', whole))
            UNION ALL
            SELECT format('ALTER TABLE teams.%I SET (%s)', month, array_to_string(reloptions, ', '))
            FROM pg_class
            WHERE oid = to_regclass('teams.' || whole) AND reloptions IS NOT NULL
            UNION ALL
            SELECT format('ALTER TABLE teams.%I ALTER COLUMN %I SET (%s)', month, attname,
                array_to_string(attoptions, ', '))
            FROM pg_attribute
            WHERE attrelid = to_regclass('teams.' || whole) AND attoptions IS NOT NULL
            UNION ALL
            SELECT format('ALTER TABLE teams.%I ALTER COLUMN %I SET STATISTICS %s', month, attname, attstattarget)
            FROM pg_attribute
            WHERE attrelid = to_regclass('teams.' || whole) AND attnum > 0 AND attstattarget >= 0
            UNION ALL
            SELECT format('GRANT %s ON teams.%I TO %s', privilege_type, month,
                CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
            FROM pg_class
            CROSS JOIN aclexplode(relacl)
            WHERE oid = to_regclass('teams.' || whole) AND grantee <> relowner
        LOOP
            EXECUTE change;
        END LOOP;
    END LOOP;
    -- Joins are planned by statistics of a table and its months together, which
    -- autovacuum does not make.
    SELECT string_agg('teams.' || relname, ', ')
    INTO stale
    FROM pg_stat_all_tables
    WHERE schemaname = 'teams' AND relname IN (SELECT teams.details_tables())
        AND (last_analyze > now() - interval '20 hours') IS NOT TRUE;
    IF stale IS NOT NULL THEN
        EXECUTE 'ANALYZE (SKIP_LOCKED) ' || stale;
    END IF;
END $_$;
COMMENT ON FUNCTION teams.keep_months() IS 'Makes the tables of this month and the next two where there are none, and statistics once a day.';

CREATE FUNCTION teams.old_months(tenants uuid[] DEFAULT '{}'::uuid[], before timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS SETOF date
    LANGUAGE sql STABLE
    AS $_$
    SELECT month
    FROM (
        SELECT DISTINCT to_date(right(relname, 7), 'YYYY_MM')
        FROM teams.details_tables() AS name
        JOIN pg_inherits ON inhparent = to_regclass('teams.' || name)
        JOIN pg_class ON pg_class.oid = inhrelid
        WHERE relname ~ '_[0-9]{4}_[0-9]{2}$'
    ) AS made (month)
    CROSS JOIN LATERAL (SELECT (month + interval '1 month') AT TIME ZONE 'UTC') AS ends (month_end)
    WHERE to_regclass('teams.sessions' || to_char(month, '_YYYY_MM')) IS NULL -- begun to be dropped
        OR month_end < now() - interval '1 day' AND NOT EXISTS (
        SELECT 1
        FROM ingest.endpoints AS e
        CROSS JOIN LATERAL (
            SELECT greatest(e.kept_from, e.details_kept_from, CASE WHEN e.tenant_id = ANY (tenants) THEN before END)
        ) AS kept (since)
        CROSS JOIN LATERAL (
            SELECT start_at
            FROM teams.call_records
            WHERE details_month = month AND tenant_id = e.tenant_id
            ORDER BY start_at DESC NULLS LAST
            LIMIT 1
        ) AS last
        WHERE e.endpoint = 'call_records'
            AND (month_end <= since AND coalesce(start_at, '-infinity') < since) IS NOT TRUE
    )
    ORDER BY month
$_$;
COMMENT ON FUNCTION teams.old_months(tenants uuid[], before timestamp with time zone) IS 'The months that are over and of which retention keeps details of no call, of no tenant; also those of which it will keep none once it has deleted what some tenants have before a time.';

CREATE TABLE teams.pstn_blocked_users_log (
    tenant_id uuid NOT NULL,
    event_key text NOT NULL COLLATE pg_catalog."C",
    user_id uuid,
    user_principal_name text,
    user_display_name text,
    user_telephone_number text,
    block_at timestamp with time zone,
    block_reason text,
    user_block_mode text,
    remediation_id text COLLATE pg_catalog."C",
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE teams.pstn_blocked_users_log IS 'One row per blocking of a user from the PSTN, or end of one, as Graph''s getPstnBlockedUsersLog serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.event_key IS 'Identifies the event, for which Graph has no id: a hash of user_id, block_at, user_block_mode, user_telephone_number and remediation_id.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_id IS 'Entra object id of the user (Graph beta: userId; teams.users).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_principal_name IS 'User principal name (Graph beta: userPrincipalName).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_display_name IS 'Display name (Graph beta: userDisplayName).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_telephone_number IS 'Telephone number of the user (Graph beta: userTelephoneNumber).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.block_at IS 'When the user was blocked or unblocked (Graph beta: blockDateTime), cut to the microsecond. Graph''s time windows are taken to apply to it.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.block_reason IS 'Why, in Graph''s words (Graph beta: blockReason), such as High Overall Usage.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.user_block_mode IS 'What happened: blocked or unblocked (Graph beta: userBlockMode), in lower case.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.remediation_id IS 'Id of the remediation (Graph beta: remediationId), a GUID in lower case. A block and its unblocking share it.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.pstn_blocked_users_log.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.pstn_blocked_users_log.change_xid IS 'Transaction of the last change, for readers that follow changes.';

CREATE VIEW analytics.blocked_users_current AS
 SELECT n.tenant_id,
    n.user_id,
    n.block_at AS blocked_since,
    n.block_reason AS reason,
    n.user_telephone_number AS number
   FROM ( SELECT DISTINCT ON (b.tenant_id, b.user_id) b.tenant_id,
            b.event_key,
            b.user_id,
            b.user_principal_name,
            b.user_display_name,
            b.user_telephone_number,
            b.block_at,
            b.block_reason,
            b.user_block_mode,
            b.remediation_id,
            b.unknown_fields,
            b.ingested_at,
            b.updated_at,
            b.run_id,
            b.row_hash,
            b.change_xid
           FROM teams.pstn_blocked_users_log b
          WHERE (b.user_id IS NOT NULL)
          ORDER BY b.tenant_id, b.user_id, b.block_at DESC NULLS LAST, (analytics.lower_ascii(b.user_block_mode) = 'unblocked'::text) DESC NULLS LAST) n
  WHERE (analytics.lower_ascii(n.user_block_mode) = 'blocked'::text);
COMMENT ON VIEW analytics.blocked_users_current IS 'One row per user who may not call now, by the newest entry of the log. Key: tenant_id, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.blocked_users_current.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.blocked_users_current.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.blocked_users_current.blocked_since IS 'When the user was blocked; null if not served.';
COMMENT ON COLUMN analytics.blocked_users_current.reason IS 'Why, in Microsoft''s words; null if not served.';
COMMENT ON COLUMN analytics.blocked_users_current.number IS 'Number of the user; null if not served.';

CREATE TABLE teams.call_records (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    type text,
    modalities text[],
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    last_modified_at timestamp with time zone,
    join_web_url text,
    organizer_id text COLLATE pg_catalog."C",
    organizer_identity_kind text,
    organizer_identity_id text COLLATE pg_catalog."C",
    organizer_display_name text,
    organizer_principal_name text,
    organizer_tenant_id uuid,
    organizer_user_id uuid,
    organizer_administrative_unit_ids text[],
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    session_count integer,
    details_version bigint,
    details_at timestamp with time zone,
    reach_from timestamp with time zone GENERATED ALWAYS AS (COALESCE(start_at, ingested_at)) STORED NOT NULL,
    pending boolean GENERATED ALWAYS AS ((details_version IS DISTINCT FROM version)) STORED NOT NULL,
    call_kind text,
    details_month date DEFAULT teams.details_month()
)
WITH (parallel_workers='2');
COMMENT ON TABLE teams.call_records IS 'One row per call or meeting, as Graph''s callRecord serves it. Found by the list of call records; all but version is written when the record is read with its details (details_version). Children: call_participants, sessions and below, by call_id. Join organizer_user_id to teams.users.';
COMMENT ON COLUMN teams.call_records.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_records.id IS 'Unique id of the call (Graph: id), the same for all its versions. The same call can be in two tenants.';
COMMENT ON COLUMN teams.call_records.version IS 'Newest version that Graph was seen to serve (Graph: version). It rises as late telemetry arrives.';
COMMENT ON COLUMN teams.call_records.type IS 'Kind of call (Graph: type), such as groupCall, peerToPeer or unknown.';
COMMENT ON COLUMN teams.call_records.modalities IS 'What the call was made of (Graph: modalities), such as audio, video, videoBasedScreenSharing.';
COMMENT ON COLUMN teams.call_records.start_at IS 'When the first user joined (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.call_records.end_at IS 'When the last user left (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.call_records.last_modified_at IS 'When Microsoft wrote the version (Graph: lastModifiedDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.call_records.join_web_url IS 'Address of the meeting (Graph: joinWebUrl); null for most calls of two.';
COMMENT ON COLUMN teams.call_records.organizer_id IS 'Id of the organizer as a participant (Graph: organizer_v2.id); null if no organizer was served.';
COMMENT ON COLUMN teams.call_records.organizer_identity_kind IS 'What the organizer is, by the one member of its identity set (Graph: organizer_v2.identity), such as user, phone, applicationInstance; null if there is none, or more than one.';
COMMENT ON COLUMN teams.call_records.organizer_identity_id IS 'Id of the organizer''s identity (Graph: id in organizer_v2.identity): a GUID in lower case, a number, or another id.';
COMMENT ON COLUMN teams.call_records.organizer_display_name IS 'Display name of the organizer (Graph: displayName in organizer_v2.identity); null for guests.';
COMMENT ON COLUMN teams.call_records.organizer_principal_name IS 'User principal name of the organizer (Graph: userPrincipalName in organizer_v2.identity); null unless a user.';
COMMENT ON COLUMN teams.call_records.organizer_tenant_id IS 'Entra tenant of the organizer (Graph: tenantId in organizer_v2.identity); null for phones and guests.';
COMMENT ON COLUMN teams.call_records.organizer_user_id IS 'Entra object id of the organizer (teams.users), read from its identity; null unless a user.';
COMMENT ON COLUMN teams.call_records.organizer_administrative_unit_ids IS 'Administrative units of the organizer (Graph: organizer_v2.administrativeUnitInfos, their id); null if none were served.';
COMMENT ON COLUMN teams.call_records.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.call_records.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.call_records.updated_at IS 'Graph''s time of the answer that the present content came from.';
COMMENT ON COLUMN teams.call_records.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.call_records.row_hash IS 'Hash of the content as served, with its details; tells changed from unchanged.';
COMMENT ON COLUMN teams.call_records.change_xid IS 'Transaction of the last change of the row or its details, for readers that follow changes.';
COMMENT ON COLUMN teams.call_records.session_count IS 'Number of sessions of the details stored; null until they are.';
COMMENT ON COLUMN teams.call_records.details_version IS 'Version of the details stored; null until some are. Below version: a newer one is to be read.';
COMMENT ON COLUMN teams.call_records.details_at IS 'When the details were stored, by the database''s clock; null until they are.';
COMMENT ON COLUMN teams.call_records.reach_from IS 'Since when Graph''s reach counts: start_at, or when the record was first listed where Graph does not say.';
COMMENT ON COLUMN teams.call_records.pending IS 'Whether the details of the newest version are still to be stored.';
COMMENT ON COLUMN teams.call_records.call_kind IS 'group or p2p, by type; where type says neither, a call of several sessions or with a service other than a mediation server or gateway is a group call. Null until the details are stored.';
COMMENT ON COLUMN teams.call_records.details_month IS 'First day (UTC) of the month in which the call was first stored, if its details are in tables of that month, such as teams.sessions_2026_11; null if they are in the tables themselves.';

CREATE VIEW live.calls AS
 SELECT c.tenant_id,
    c.id,
    c.version,
    c.type,
    c.modalities,
    c.start_at,
    c.end_at,
    c.last_modified_at,
    c.join_web_url,
    c.organizer_id,
    c.organizer_identity_kind,
    c.organizer_identity_id,
    c.organizer_display_name,
    c.organizer_principal_name,
    c.organizer_tenant_id,
    c.organizer_user_id,
    c.organizer_administrative_unit_ids,
    c.unknown_fields,
    c.ingested_at,
    c.updated_at,
    c.run_id,
    c.row_hash,
    c.change_xid,
    c.session_count,
    c.details_version,
    c.details_at,
    c.reach_from,
    c.pending,
    c.call_kind,
        CASE
            WHEN (analytics.lower_ascii(c.type) = ANY (ARRAY['groupcall'::text, 'peertopeer'::text])) THEN 'api'::text
            ELSE 'inferred'::text
        END AS call_kind_source
   FROM teams.call_records c
  WHERE (c.details_version IS NOT NULL);
COMMENT ON VIEW live.calls IS 'Call records whose details are stored (teams.call_records).';
COMMENT ON COLUMN live.calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.calls.id IS 'Unique id of the call (Graph: id), the same for all its versions. The same call can be in two tenants.';
COMMENT ON COLUMN live.calls.version IS 'Newest version that Graph was seen to serve (Graph: version). It rises as late telemetry arrives.';
COMMENT ON COLUMN live.calls.type IS 'Kind of call (Graph: type), such as groupCall, peerToPeer or unknown.';
COMMENT ON COLUMN live.calls.modalities IS 'What the call was made of (Graph: modalities), such as audio, video, videoBasedScreenSharing.';
COMMENT ON COLUMN live.calls.start_at IS 'When the first user joined (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN live.calls.end_at IS 'When the last user left (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN live.calls.last_modified_at IS 'When Microsoft wrote the version (Graph: lastModifiedDateTime), cut to the microsecond.';
COMMENT ON COLUMN live.calls.join_web_url IS 'Address of the meeting (Graph: joinWebUrl); null for most calls of two.';
COMMENT ON COLUMN live.calls.organizer_id IS 'Id of the organizer as a participant (Graph: organizer_v2.id); null if no organizer was served.';
COMMENT ON COLUMN live.calls.organizer_identity_kind IS 'What the organizer is, by the one member of its identity set (Graph: organizer_v2.identity), such as user, phone, applicationInstance; null if there is none, or more than one.';
COMMENT ON COLUMN live.calls.organizer_identity_id IS 'Id of the organizer''s identity (Graph: id in organizer_v2.identity): a GUID in lower case, a number, or another id.';
COMMENT ON COLUMN live.calls.organizer_display_name IS 'Display name of the organizer (Graph: displayName in organizer_v2.identity); null for guests.';
COMMENT ON COLUMN live.calls.organizer_principal_name IS 'User principal name of the organizer (Graph: userPrincipalName in organizer_v2.identity); null unless a user.';
COMMENT ON COLUMN live.calls.organizer_tenant_id IS 'Entra tenant of the organizer (Graph: tenantId in organizer_v2.identity); null for phones and guests.';
COMMENT ON COLUMN live.calls.organizer_user_id IS 'Entra object id of the organizer (teams.users), read from its identity; null unless a user.';
COMMENT ON COLUMN live.calls.organizer_administrative_unit_ids IS 'Administrative units of the organizer (Graph: organizer_v2.administrativeUnitInfos, their id); null if none were served.';
COMMENT ON COLUMN live.calls.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.calls.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN live.calls.updated_at IS 'Graph''s time of the answer that the present content came from.';
COMMENT ON COLUMN live.calls.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN live.calls.row_hash IS 'Hash of the content as served, with its details; tells changed from unchanged.';
COMMENT ON COLUMN live.calls.change_xid IS 'Transaction of the last change of the row or its details, for readers that follow changes.';
COMMENT ON COLUMN live.calls.session_count IS 'Number of sessions of the details stored; null until they are.';
COMMENT ON COLUMN live.calls.details_version IS 'Version of the details stored; null until some are. Below version: a newer one is to be read.';
COMMENT ON COLUMN live.calls.details_at IS 'When the details were stored, by the database''s clock; null until they are.';
COMMENT ON COLUMN live.calls.reach_from IS 'Since when Graph''s reach counts: start_at, or when the record was first listed where Graph does not say.';
COMMENT ON COLUMN live.calls.pending IS 'Whether the details of the newest version are still to be stored.';
COMMENT ON COLUMN live.calls.call_kind IS 'group or p2p, by type; where type says neither, a call of several sessions or with a service other than a mediation server or gateway is a group call. Null until the details are stored.';
COMMENT ON COLUMN live.calls.call_kind_source IS 'How call_kind is known: api or inferred.';

CREATE TABLE ref.call_types (
    call_type text NOT NULL COLLATE pg_catalog."C",
    direction text NOT NULL,
    scenario text NOT NULL,
    is_operator_connect boolean DEFAULT false NOT NULL,
    CONSTRAINT call_types_call_type_check CHECK ((call_type = lower(call_type)))
);
COMMENT ON TABLE ref.call_types IS 'What each type of call means. Types that are not here are taken apart by the rules (analytics.scenario_of).';
COMMENT ON COLUMN ref.call_types.call_type IS 'Type as served (Graph: callType), in lower case.';
COMMENT ON COLUMN ref.call_types.direction IS 'Direction: inbound, outbound or unknown.';
COMMENT ON COLUMN ref.call_types.scenario IS 'What the call is for.';
COMMENT ON COLUMN ref.call_types.is_operator_connect IS 'Whether the type alone says that it went over Operator Connect.';

CREATE TABLE ref.calling_codes (
    prefix text NOT NULL COLLATE pg_catalog."C",
    country text NOT NULL,
    dialled text GENERATED ALWAYS AS (('+'::text || prefix)) STORED COLLATE pg_catalog."C",
    CONSTRAINT calling_codes_prefix_check CHECK ((prefix ~ '^[0-9]{1,7}$'::text))
);
COMMENT ON TABLE ref.calling_codes IS 'Digits that numbers begin with, and the country they stand for.';
COMMENT ON COLUMN ref.calling_codes.prefix IS 'Digits, without plus. The longest that fits counts.';
COMMENT ON COLUMN ref.calling_codes.country IS 'ISO 3166-1 alpha-2 country; 001 for services of the whole world.';
COMMENT ON COLUMN ref.calling_codes.dialled IS 'The prefix with a plus, as numbers are written. Made from it.';

CREATE TABLE ref.sip_outcomes (
    sip_code integer NOT NULL,
    sub_reason bigint,
    outcome text NOT NULL
);
COMMENT ON TABLE ref.sip_outcomes IS 'What a SIP code says of a failed call of Direct Routing. A code that is not here is a failure of the network.';
COMMENT ON COLUMN ref.sip_outcomes.sip_code IS 'Final SIP code.';
COMMENT ON COLUMN ref.sip_outcomes.sub_reason IS 'Microsoft''s subcode; null for any that has no row of its own.';
COMMENT ON COLUMN ref.sip_outcomes.outcome IS 'How the call ended: user_busy, ring_no_answer, terminal_reject or bad_number.';

CREATE TABLE rollup.pstn_matches (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    start_at timestamp with time zone NOT NULL,
    call_id uuid NOT NULL,
    method text NOT NULL,
    score integer
);
COMMENT ON TABLE rollup.pstn_matches IS 'Rows of live.pstn_matches, computed anew where data has changed.';
COMMENT ON COLUMN rollup.pstn_matches.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.pstn_matches.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.pstn_matches.id IS 'Id of the row in teams.pstn_calls.';
COMMENT ON COLUMN rollup.pstn_matches.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN rollup.pstn_matches.call_id IS 'The call record (teams.call_records.id).';
COMMENT ON COLUMN rollup.pstn_matches.method IS 'How it was found: call_id or heuristic.';
COMMENT ON COLUMN rollup.pstn_matches.score IS 'Score of a heuristic match, 2 or 3; null for others.';

CREATE TABLE teams.direct_routing_calls (
    tenant_id uuid NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    correlation_id uuid,
    user_id uuid,
    user_principal_name text,
    user_display_name text,
    invite_at timestamp with time zone,
    start_at timestamp with time zone,
    failure_at timestamp with time zone,
    end_at timestamp with time zone,
    duration_s integer,
    call_type text,
    successful_call boolean,
    caller_number text,
    callee_number text,
    media_path_location text,
    signaling_location text,
    final_sip_code integer,
    call_end_sub_reason bigint,
    final_sip_code_phrase text,
    trunk_fqdn text,
    media_bypass_enabled boolean,
    transferor_correlation_id uuid,
    user_country_code text,
    other_party_country_code text,
    administrative_unit_ids text[],
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE teams.direct_routing_calls IS 'One row per call, or leg of a call, over Direct Routing, attempts included, as Graph''s getDirectRoutingCalls serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.direct_routing_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.direct_routing_calls.id IS 'Unique id of the row (Graph: id). A GUID, in lower case.';
COMMENT ON COLUMN teams.direct_routing_calls.correlation_id IS 'Id to quote to Microsoft Support (Graph: correlationId). Not unique: the legs of one call share it.';
COMMENT ON COLUMN teams.direct_routing_calls.user_id IS 'Entra object id of the user (Graph: userId; teams.users); null for calls of bots.';
COMMENT ON COLUMN teams.direct_routing_calls.user_principal_name IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.direct_routing_calls.user_display_name IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.direct_routing_calls.invite_at IS 'When the first SIP INVITE was sent (Graph: inviteDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.direct_routing_calls.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond; of a call that was not answered, the time of its invite or failure. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.direct_routing_calls.failure_at IS 'When the call failed (Graph: failureDateTime), cut to the microsecond; null for successful calls, where Graph says year 1.';
COMMENT ON COLUMN teams.direct_routing_calls.end_at IS 'End of the call (Graph: endDateTime), cut to the microsecond; null for calls that were not established.';
COMMENT ON COLUMN teams.direct_routing_calls.duration_s IS 'Duration in seconds as served (Graph: duration).';
COMMENT ON COLUMN teams.direct_routing_calls.call_type IS 'Kind of call (Graph: callType), such as ByotIn or ByotOutUserForwarding, in varying letter case. An open list.';
COMMENT ON COLUMN teams.direct_routing_calls.successful_call IS 'Whether the call was established (Graph: successfulCall).';
COMMENT ON COLUMN teams.direct_routing_calls.caller_number IS 'Number of the caller (Graph: callerNumber). May be masked with * by the law of the country, or any other text.';
COMMENT ON COLUMN teams.direct_routing_calls.callee_number IS 'Number called (Graph: calleeNumber). May be masked with *, or any other text.';
COMMENT ON COLUMN teams.direct_routing_calls.media_path_location IS 'Datacenter that the media of a call without bypass ran through (Graph: mediaPathLocation), such as USWE.';
COMMENT ON COLUMN teams.direct_routing_calls.signaling_location IS 'Datacenter of the signaling (Graph: signalingLocation), such as EUNO.';
COMMENT ON COLUMN teams.direct_routing_calls.final_sip_code IS 'SIP response code that the call ended with (Graph: finalSipCode; RFC 3261); 0 is seen for successful calls.';
COMMENT ON COLUMN teams.direct_routing_calls.call_end_sub_reason IS 'Microsoft''s code of the reason, besides the SIP code (Graph: callEndSubReason), such as 540000 for a normal end.';
COMMENT ON COLUMN teams.direct_routing_calls.final_sip_code_phrase IS 'Description of the SIP code and Microsoft''s code (Graph: finalSipCodePhrase), such as BYE.';
COMMENT ON COLUMN teams.direct_routing_calls.trunk_fqdn IS 'Domain name of the session border controller (Graph: trunkFullyQualifiedDomainName).';
COMMENT ON COLUMN teams.direct_routing_calls.media_bypass_enabled IS 'Whether the trunk was enabled for media bypass (Graph: mediaBypassEnabled).';
COMMENT ON COLUMN teams.direct_routing_calls.transferor_correlation_id IS 'correlation_id of the transferor''s call (Graph beta: transferorCorrelationId); null for calls that were not transferred.';
COMMENT ON COLUMN teams.direct_routing_calls.user_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph beta: userCountryCode).';
COMMENT ON COLUMN teams.direct_routing_calls.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the caller for inbound calls, of the callee for outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.direct_routing_calls.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.direct_routing_calls.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.direct_routing_calls.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.direct_routing_calls.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.direct_routing_calls.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.direct_routing_calls.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.direct_routing_calls.change_xid IS 'Transaction of the last change, for readers that follow changes.';

CREATE TABLE teams.pstn_calls (
    tenant_id uuid NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    call_id text COLLATE pg_catalog."C",
    user_id uuid,
    user_principal_name text,
    user_display_name text,
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    duration_s integer,
    call_type text,
    caller_number text,
    callee_number text,
    charge numeric,
    connection_charge numeric,
    currency text,
    conference_id text,
    destination_context text,
    destination_name text,
    inventory_type text,
    license_capability text,
    operator text,
    call_duration_source text,
    usage_country_code text,
    tenant_country_code text,
    other_party_country_code text,
    administrative_unit_ids text[],
    client_local_ip_v4_address inet,
    client_local_ip_v6_address inet,
    client_public_ip_v4_address inet,
    client_public_ip_v6_address inet,
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE teams.pstn_calls IS 'One row per call over Calling Plans, Operator Connect or audio conferencing, as Graph''s getPstnCalls serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.pstn_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.pstn_calls.id IS 'Unique id of the row (Graph: id). A GUID, in lower case.';
COMMENT ON COLUMN teams.pstn_calls.call_id IS 'Id of the call (Graph: callId). Not unique: the legs of one call share it.';
COMMENT ON COLUMN teams.pstn_calls.user_id IS 'Entra object id of the user (Graph: userId; teams.users); null for calls of bots.';
COMMENT ON COLUMN teams.pstn_calls.user_principal_name IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.pstn_calls.user_display_name IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.pstn_calls.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN teams.pstn_calls.end_at IS 'End of the call (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.pstn_calls.duration_s IS 'Seconds connected (Graph: duration).';
COMMENT ON COLUMN teams.pstn_calls.call_type IS 'Kind of call (Graph: callType), such as user_in, user_out, conf_in, conf_out, ucap_in, ucap_out. An open list.';
COMMENT ON COLUMN teams.pstn_calls.caller_number IS 'Number of the caller (Graph: callerNumber). May be masked with * by the law of the country, or no number at all.';
COMMENT ON COLUMN teams.pstn_calls.callee_number IS 'Number called (Graph: calleeNumber). May be masked with *.';
COMMENT ON COLUMN teams.pstn_calls.charge IS 'Cost of the call without the connection charge, in currency (Graph: charge), with the scale served.';
COMMENT ON COLUMN teams.pstn_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge).';
COMMENT ON COLUMN teams.pstn_calls.currency IS 'ISO 4217 code of charge and connection_charge (Graph: currency).';
COMMENT ON COLUMN teams.pstn_calls.conference_id IS 'Id of the audio conference (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN teams.pstn_calls.destination_context IS 'Domestic or International (Graph: destinationContext).';
COMMENT ON COLUMN teams.pstn_calls.destination_name IS 'Country or region dialed, in English (Graph: destinationName).';
COMMENT ON COLUMN teams.pstn_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber.';
COMMENT ON COLUMN teams.pstn_calls.license_capability IS 'Licence the call was charged to (Graph: licenseCapability), such as MCOPSTN2.';
COMMENT ON COLUMN teams.pstn_calls.operator IS 'Microsoft, or the Operator Connect operator (Graph: operator).';
COMMENT ON COLUMN teams.pstn_calls.call_duration_source IS 'Who measured the duration, microsoft or operator (Graph: callDurationSource).';
COMMENT ON COLUMN teams.pstn_calls.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.tenant_country_code IS 'ISO 3166-1 alpha-2 country of the tenant (Graph: tenantCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the caller for inbound calls, of the callee for outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.pstn_calls.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.pstn_calls.client_local_ip_v4_address IS 'Local IPv4 address of the client (Graph beta: clientLocalIpV4Address).';
COMMENT ON COLUMN teams.pstn_calls.client_local_ip_v6_address IS 'Local IPv6 address of the client (Graph beta: clientLocalIpV6Address).';
COMMENT ON COLUMN teams.pstn_calls.client_public_ip_v4_address IS 'Public IPv4 address of the client (Graph beta: clientPublicIpV4Address).';
COMMENT ON COLUMN teams.pstn_calls.client_public_ip_v6_address IS 'Public IPv6 address of the client (Graph beta: clientPublicIpV6Address).';
COMMENT ON COLUMN teams.pstn_calls.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.pstn_calls.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.pstn_calls.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.pstn_calls.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.pstn_calls.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.pstn_calls.change_xid IS 'Transaction of the last change, for readers that follow changes.';

CREATE VIEW live.telephony AS
 SELECT t.tenant_id,
    t.source,
    t.source_row_id,
    t.call_id,
    t.match_method,
    t.match_score,
    t.call_type,
    t.user_id,
    t.user_principal_name,
    t.user_display_name,
    t.attempt_at,
    t.start_at,
    t.ended_at,
    t.duration_s,
    t.answered,
    t.caller_number,
    t.callee_number,
    t.other_party_country_code,
    t.destination_context,
    t.destination_name,
    t.charge,
    t.connection_charge,
    t.currency,
    t.license_capability,
    t.inventory_type,
    t.operator,
    t.call_duration_source,
    t.trunk_fqdn,
    t.sip_code,
    t.ms_subcode,
    t.sip_phrase,
    t.correlation_id,
    t.transferor_correlation_id,
    t.conference_id,
    t.usage_country_code,
    t.administrative_unit_ids,
    t.provider,
    t.direction,
    t.scenario,
    t.outcome,
    t.own_number,
    t.external_number,
    t.answer_delay_s,
    t.setup_fail_s,
    COALESCE(c7.prefix, c6.prefix, c5.prefix, c4.prefix, c3.prefix, c2.prefix, c1.prefix) AS external_prefix,
    f.external_country,
        CASE analytics.lower_ascii(t.destination_context)
            WHEN 'international'::text THEN true
            WHEN 'domestic'::text THEN false
            ELSE (t.usage_country_code <> f.external_country)
        END AS is_international
   FROM ((((((((( SELECT p.tenant_id,
            'pstn'::text AS source,
            p.id AS source_row_id,
            m.call_id,
            m.method AS match_method,
            m.score AS match_score,
            p.call_type,
            p.user_id,
            p.user_principal_name,
            p.user_display_name,
            p.start_at AS attempt_at,
            p.start_at,
            p.end_at AS ended_at,
            p.duration_s,
            (p.duration_s > 0) AS answered,
            p.caller_number,
            p.callee_number,
            p.other_party_country_code,
            p.destination_context,
            p.destination_name,
            p.charge,
            p.connection_charge,
            p.currency,
            p.license_capability,
            p.inventory_type,
            p.operator,
            p.call_duration_source,
            NULL::text AS trunk_fqdn,
            NULL::integer AS sip_code,
            NULL::bigint AS ms_subcode,
            NULL::text AS sip_phrase,
            NULL::uuid AS correlation_id,
            NULL::uuid AS transferor_correlation_id,
            p.conference_id,
            p.usage_country_code,
            p.administrative_unit_ids,
                CASE
                    WHEN (COALESCE(k.is_operator_connect, ((analytics.call_tokens(p.call_type))[1] = 'oc'::text)) OR (analytics.lower_ascii(p.operator) <> 'microsoft'::text)) THEN 'operator_connect'::text
                    WHEN (x.scenario = 'audio_conference'::text) THEN 'audio_conferencing'::text
                    ELSE 'calling_plan'::text
                END AS provider,
            x.direction,
            x.scenario,
                CASE
                    WHEN (p.duration_s > 0) THEN 'answered'::text
                    WHEN (p.duration_s <= 0) THEN 'not_answered'::text
                    ELSE NULL::text
                END AS outcome,
                CASE x.direction
                    WHEN 'outbound'::text THEN p.caller_number
                    ELSE p.callee_number
                END AS own_number,
                CASE x.direction
                    WHEN 'outbound'::text THEN p.callee_number
                    ELSE p.caller_number
                END AS external_number,
            NULL::double precision AS answer_delay_s,
            NULL::double precision AS setup_fail_s
           FROM (((teams.pstn_calls p
             LEFT JOIN rollup.pstn_matches m ON (((m.tenant_id = p.tenant_id) AND (m.id = p.id) AND (m.start_at = p.start_at))))
             LEFT JOIN ref.call_types k ON ((k.call_type = analytics.lower_ascii(p.call_type))))
             CROSS JOIN LATERAL ( SELECT COALESCE(k.direction, analytics.direction_of(analytics.call_tokens(p.call_type))) AS direction,
                    COALESCE(k.scenario, analytics.scenario_of(analytics.call_tokens(p.call_type))) AS scenario) x)
        UNION ALL
         SELECT r.tenant_id,
            'direct_routing'::text,
            r.id,
            r.correlation_id,
            NULL::text,
            NULL::integer,
            r.call_type,
            r.user_id,
            r.user_principal_name,
            r.user_display_name,
            COALESCE(r.invite_at, r.start_at) AS "coalesce",
            r.start_at,
            COALESCE(r.end_at, r.failure_at) AS "coalesce",
            r.duration_s,
            r.successful_call,
            r.caller_number,
            r.callee_number,
            r.other_party_country_code,
            NULL::text,
            NULL::text,
            NULL::numeric,
            NULL::numeric,
            NULL::text,
            NULL::text,
            NULL::text,
            NULL::text,
            NULL::text,
            r.trunk_fqdn,
            r.final_sip_code,
            r.call_end_sub_reason,
            r.final_sip_code_phrase,
            r.correlation_id,
            r.transferor_correlation_id,
            NULL::text,
            r.user_country_code,
            r.administrative_unit_ids,
            'direct_routing'::text,
            x.direction,
            x.scenario,
                CASE
                    WHEN r.successful_call THEN 'answered'::text
                    WHEN (NOT r.successful_call) THEN COALESCE(o.outcome, a.outcome, 'network_failure'::text)
                    ELSE NULL::text
                END AS "case",
                CASE x.direction
                    WHEN 'outbound'::text THEN r.caller_number
                    ELSE r.callee_number
                END AS callee_number,
                CASE x.direction
                    WHEN 'outbound'::text THEN r.callee_number
                    ELSE r.caller_number
                END AS caller_number,
                CASE
                    WHEN ((x.direction = 'outbound'::text) AND r.successful_call) THEN (EXTRACT(epoch FROM (r.start_at - r.invite_at)))::double precision
                    ELSE NULL::double precision
                END AS "case",
            (EXTRACT(epoch FROM (r.failure_at - r.invite_at)))::double precision AS "extract"
           FROM ((((teams.direct_routing_calls r
             LEFT JOIN ref.call_types k ON ((k.call_type = analytics.lower_ascii(r.call_type))))
             CROSS JOIN LATERAL ( SELECT COALESCE(k.direction, analytics.direction_of(analytics.call_tokens(r.call_type))) AS direction,
                    COALESCE(k.scenario, analytics.scenario_of(analytics.call_tokens(r.call_type))) AS scenario) x)
             LEFT JOIN ref.sip_outcomes o ON (((o.sip_code = r.final_sip_code) AND (o.sub_reason = r.call_end_sub_reason))))
             LEFT JOIN ref.sip_outcomes a ON (((a.sip_code = r.final_sip_code) AND (a.sub_reason IS NULL))))) t
     LEFT JOIN ref.calling_codes c1 ON ((c1.dialled = ("left"(t.external_number, 2) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c2 ON ((c2.dialled = ("left"(t.external_number, 3) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c3 ON ((c3.dialled = ("left"(t.external_number, 4) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c4 ON ((c4.dialled = ("left"(t.external_number, 5) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c5 ON ((c5.dialled = ("left"(t.external_number, 6) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c6 ON ((c6.dialled = ("left"(t.external_number, 7) COLLATE "C"))))
     LEFT JOIN ref.calling_codes c7 ON ((c7.dialled = ("left"(t.external_number, 8) COLLATE "C"))))
     CROSS JOIN LATERAL ( SELECT COALESCE(t.other_party_country_code, c7.country, c6.country, c5.country, c4.country, c3.country, c2.country, c1.country) AS external_country) f);
COMMENT ON VIEW live.telephony IS 'Rows of both phone logs in the same columns, with what the lists say of them.';
COMMENT ON COLUMN live.telephony.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.telephony.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN live.telephony.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls.';
COMMENT ON COLUMN live.telephony.call_id IS 'Id of the call: of Direct Routing the correlation id, with or without a call record; of PSTN the call record it was matched with; null if none was.';
COMMENT ON COLUMN live.telephony.match_method IS 'How the call record of a PSTN row was found: call_id or heuristic; null if it was not and for Direct Routing.';
COMMENT ON COLUMN live.telephony.match_score IS 'Score of a heuristic match; null without one.';
COMMENT ON COLUMN live.telephony.call_type IS 'Type of the call as served (Graph: callType); null if not served.';
COMMENT ON COLUMN live.telephony.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN live.telephony.user_principal_name IS 'User principal name at that time; null for bots.';
COMMENT ON COLUMN live.telephony.user_display_name IS 'Display name at that time; null for bots.';
COMMENT ON COLUMN live.telephony.attempt_at IS 'When the call was tried: of Direct Routing the INVITE, else the start; of PSTN the start; null if not served.';
COMMENT ON COLUMN live.telephony.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond; of a call that was not answered, the time of its invite or failure. Graph''s time windows apply to it.';
COMMENT ON COLUMN live.telephony.ended_at IS 'End, or of failed calls of Direct Routing the failure; null if not served.';
COMMENT ON COLUMN live.telephony.duration_s IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN live.telephony.answered IS 'Whether it was answered: of Direct Routing as Graph says (successfulCall), of PSTN by duration_s above 0; null if not served.';
COMMENT ON COLUMN live.telephony.caller_number IS 'Number of the caller, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN live.telephony.callee_number IS 'Number called, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN live.telephony.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the caller for inbound calls, of the callee for outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN live.telephony.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN live.telephony.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN live.telephony.charge IS 'Cost without the connection charge, in currency (Graph: charge); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.telephony.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.telephony.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.telephony.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN live.telephony.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber; null if not served and for Direct Routing.';
COMMENT ON COLUMN live.telephony.operator IS 'Microsoft, or the operator of Operator Connect (Graph: operator); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.telephony.call_duration_source IS 'Who measured the duration (Graph: callDurationSource), such as microsoft, operator; null if not served and for Direct Routing.';
COMMENT ON COLUMN live.telephony.trunk_fqdn IS 'SBC the call went over (Graph: trunkFullyQualifiedDomainName); null if not served and for PSTN.';
COMMENT ON COLUMN live.telephony.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN live.telephony.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN live.telephony.sip_phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served and for PSTN.';
COMMENT ON COLUMN live.telephony.correlation_id IS 'Correlation id of Direct Routing (Graph: correlationId), shared by the legs of a call; null if not served and for PSTN.';
COMMENT ON COLUMN live.telephony.transferor_correlation_id IS 'correlation_id of the transferor''s call (Graph beta: transferorCorrelationId); null for calls that were not transferred.';
COMMENT ON COLUMN live.telephony.conference_id IS 'Id that the PSTN rows of one audio conference share (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN live.telephony.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN live.telephony.administrative_unit_ids IS 'Administrative units of the user, joined by commas (Graph beta); null if not served.';
COMMENT ON COLUMN live.telephony.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN live.telephony.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.telephony.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN live.telephony.outcome IS 'How it ended: of PSTN answered or not_answered, of Direct Routing by its SIP code (ref.sip_outcomes). One of: answered, not_answered, user_busy, ring_no_answer, terminal_reject, bad_number, network_failure; null if not served whether it was answered.';
COMMENT ON COLUMN live.telephony.own_number IS 'Our side: the caller of outbound calls, else the callee; null if not served.';
COMMENT ON COLUMN live.telephony.external_number IS 'The other side: the callee of outbound calls, else the caller; null if not served.';
COMMENT ON COLUMN live.telephony.answer_delay_s IS 'From the INVITE to the answer of an outbound call of Direct Routing, in seconds; null for all others, whose start is no answer.';
COMMENT ON COLUMN live.telephony.setup_fail_s IS 'From the INVITE to the failure of a call of Direct Routing, in seconds; null for all others.';
COMMENT ON COLUMN live.telephony.external_prefix IS 'Country or area code that external_number begins with: the longest in ref.calling_codes; null if none fits or it is written without its country.';
COMMENT ON COLUMN live.telephony.external_country IS 'ISO 3166-1 alpha-2 country of the other side, as Graph says it, else by external_prefix; null if not known.';
COMMENT ON COLUMN live.telephony.is_international IS 'Whether it crossed a border: by destination_context, else by the countries of both sides; null if not known.';

CREATE TABLE teams.session_endpoints (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    side text NOT NULL,
    endpoint_type text,
    identity_id text COLLATE pg_catalog."C",
    display_name text,
    principal_name text,
    identity_tenant_id uuid,
    identity_kind text,
    user_id uuid,
    endpoint_name text,
    cpu_name text,
    cpu_cores_count integer,
    cpu_processor_speed_in_mhz integer,
    user_agent_header text,
    application_version text,
    platform text,
    product_family text,
    azure_ad_app_id uuid,
    communication_service_id text COLLATE pg_catalog."C",
    service_role text,
    feedback_rating text,
    feedback_text text,
    feedback_tokens jsonb,
    unknown_fields jsonb
)
WITH (parallel_workers='0');
ALTER TABLE ONLY teams.session_endpoints ALTER COLUMN call_id SET (n_distinct=-0.1, n_distinct_inherited=-0.1);
COMMENT ON TABLE teams.session_endpoints IS 'The caller and the callee of each session (Graph: sessions, their caller and callee), where served. Join (call_id, session_index) to sessions, user_id to teams.users.';
COMMENT ON COLUMN teams.session_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.session_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.session_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.session_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.session_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN teams.session_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN teams.session_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN teams.session_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN teams.session_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN teams.session_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN teams.session_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.session_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN teams.session_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN teams.session_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN teams.session_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN teams.session_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN teams.session_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN teams.session_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN teams.session_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN teams.session_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN teams.session_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.sessions (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    session_id uuid,
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    modalities text[],
    failure_stage text,
    failure_reason text,
    is_test boolean,
    unknown_fields jsonb
)
WITH (parallel_workers='0');
ALTER TABLE ONLY teams.sessions ALTER COLUMN call_id SET (n_distinct=-0.2, n_distinct_inherited=-0.2);
ALTER TABLE ONLY teams.sessions ALTER COLUMN session_index SET STATISTICS 0;
COMMENT ON TABLE teams.sessions IS 'One row per session of a call: one endpoint talking to another or to a server (Graph: sessions). A group call has at least one per participant. Join call_id to call_records.';
COMMENT ON COLUMN teams.sessions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.sessions.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.sessions.session_index IS 'Place of the session, from 0, in the order served.';
COMMENT ON COLUMN teams.sessions.session_id IS 'Id of the session (Graph: id). Not unique: one session can be served several times, one for each service in it.';
COMMENT ON COLUMN teams.sessions.start_at IS 'When the first user joined the session (Graph: startDateTime), cut to the microsecond. May lie outside the call''s times.';
COMMENT ON COLUMN teams.sessions.end_at IS 'When the last user left the session (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.sessions.modalities IS 'What the session was made of (Graph: modalities).';
COMMENT ON COLUMN teams.sessions.failure_stage IS 'Stage at which it failed (Graph: failureInfo.stage), such as callSetup or midcall; null if it did not fail.';
COMMENT ON COLUMN teams.sessions.failure_reason IS 'Why it failed, in Microsoft''s words (Graph: failureInfo.reason); null if it did not fail.';
COMMENT ON COLUMN teams.sessions.is_test IS 'Whether it belongs to a test call (Graph: isTest); null in clouds that do not say.';
COMMENT ON COLUMN teams.sessions.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE VIEW analytics.call_legs AS
 SELECT t.tenant_id,
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
            WHEN (t.source = 'pstn'::text) THEN COALESCE(t.match_method, 'none'::text)
            WHEN (c.id IS NOT NULL) THEN 'correlation_id'::text
            ELSE 'none'::text
        END AS match_method,
    t.match_score
   FROM (live.telephony t
     LEFT JOIN teams.call_records c ON (((c.tenant_id = t.tenant_id) AND (c.id = t.correlation_id))))
UNION ALL
 SELECT c.tenant_id,
    c.id AS call_id,
    'session'::text AS leg_source,
    NULL::text AS source_row_id,
    s.session_index,
    c.start_at AS call_start_at,
    s.start_at,
    s.end_at,
    COALESCE(a.display_name, a.identity_id, a.service_role) AS from_identity,
    COALESCE(b.display_name, b.identity_id, b.service_role) AS to_identity,
    NULL::text AS call_type,
    NULL::text AS scenario,
        CASE
            WHEN (s.end_at > s.start_at) THEN 'answered'::text
            ELSE 'not_answered'::text
        END AS outcome,
    NULL::text AS trunk_fqdn,
    NULL::uuid AS transferred_from_call_id,
    'session'::text AS match_method,
    NULL::integer AS match_score
   FROM (((live.calls c
     JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
     LEFT JOIN teams.session_endpoints a ON (((a.tenant_id = s.tenant_id) AND (a.call_id = s.call_id) AND (a.session_index = s.session_index) AND (a.side = 'caller'::text))))
     LEFT JOIN teams.session_endpoints b ON (((b.tenant_id = s.tenant_id) AND (b.call_id = s.call_id) AND (b.session_index = s.session_index) AND (b.side = 'callee'::text))));
COMMENT ON VIEW analytics.call_legs IS 'One row per part of a call: session of a call record, Direct Routing row, PSTN row, joined to one call where that is known. Key: tenant_id, leg_source, call_id, session_index, source_row_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.call_legs.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.call_legs.call_id IS 'The call (calls), by match_method; of an unmatched Direct Routing row its correlation id; null if no call is known.';
COMMENT ON COLUMN analytics.call_legs.leg_source IS 'Where the row is from. One of: direct_routing, pstn, session.';
COMMENT ON COLUMN analytics.call_legs.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls; null for sessions.';
COMMENT ON COLUMN analytics.call_legs.session_index IS 'Place of the session in its call, from 0; null for rows of the phone logs.';
COMMENT ON COLUMN analytics.call_legs.call_start_at IS 'Start of the call of a session, attempt of a phone row; null if not served.';
COMMENT ON COLUMN analytics.call_legs.start_at IS 'Start of the leg; null if not served.';
COMMENT ON COLUMN analytics.call_legs.end_at IS 'End of the leg; null if not served.';
COMMENT ON COLUMN analytics.call_legs.from_identity IS 'Who called: name, number or id; null if not served.';
COMMENT ON COLUMN analytics.call_legs.to_identity IS 'Who was called: name, number, id or role of a service; null if not served.';
COMMENT ON COLUMN analytics.call_legs.call_type IS 'Type of the row as served (Graph: callType); null for sessions.';
COMMENT ON COLUMN analytics.call_legs.scenario IS 'What the leg is for (analytics.scenario_of), such as user, voice_app; null for sessions.';
COMMENT ON COLUMN analytics.call_legs.outcome IS 'How it ended: as in telephony_calls, of sessions answered where they had a length, else not_answered; null if not known.';
COMMENT ON COLUMN analytics.call_legs.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN analytics.call_legs.transferred_from_call_id IS 'Correlation id of the call that was transferred here (Graph beta: transferorCorrelationId); null if none was.';
COMMENT ON COLUMN analytics.call_legs.match_method IS 'How the call was found: by the correlation id of Direct Routing, by the call id of the PSTN row, by time, user and number (heuristic), not at all (none), or it is the call''s own session. One of: correlation_id, call_id, heuristic, none, session.';
COMMENT ON COLUMN analytics.call_legs.match_score IS 'Of a heuristic match, 2 or 3: start within 60 s, the same number, the same user; null for other methods.';

CREATE TABLE teams.media_streams (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    segment_index integer NOT NULL,
    media_index integer NOT NULL,
    stream_index integer NOT NULL,
    stream_id text,
    stream_direction text,
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    audio_codec text,
    video_codec text,
    packet_utilization bigint,
    average_bandwidth_estimate bigint,
    average_jitter_ms double precision,
    max_jitter_ms double precision,
    average_round_trip_time_ms double precision,
    max_round_trip_time_ms double precision,
    average_audio_network_jitter_ms double precision,
    max_audio_network_jitter_ms double precision,
    average_freeze_duration_ms double precision,
    rms_freeze_duration_ms double precision,
    average_packet_loss_rate double precision,
    max_packet_loss_rate double precision,
    average_audio_degradation double precision,
    average_ratio_of_concealed_samples double precision,
    max_ratio_of_concealed_samples double precision,
    average_received_frame_rate double precision,
    average_video_frame_loss_percentage double precision,
    average_video_frame_rate double precision,
    average_video_packet_loss_rate double precision,
    post_forward_error_correction_packet_loss_rate double precision,
    low_frame_rate_ratio double precision,
    low_video_processing_capability_ratio double precision,
    is_audio_forward_error_correction_used boolean,
    was_media_bypassed boolean,
    unknown_fields jsonb
);
ALTER TABLE ONLY teams.media_streams ALTER COLUMN call_id SET (n_distinct=-0.03, n_distinct_inherited=-0.03);
COMMENT ON TABLE teams.media_streams IS 'One row per stream of a media, one direction each (Graph: streams). Join (call_id, session_index, segment_index, media_index) to segment_media. Values of audio are null for video and the reverse.';
COMMENT ON COLUMN teams.media_streams.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.media_streams.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.media_streams.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.media_streams.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.media_streams.media_index IS 'The media (teams.segment_media).';
COMMENT ON COLUMN teams.media_streams.stream_index IS 'Place of the stream, from 0, in the order served.';
COMMENT ON COLUMN teams.media_streams.stream_id IS 'Id of the stream (Graph: streamId), unique in its media only; null if not served.';
COMMENT ON COLUMN teams.media_streams.stream_direction IS 'callerToCallee or calleeToCaller (Graph: streamDirection).';
COMMENT ON COLUMN teams.media_streams.start_at IS 'Start of the stream (Graph: startDateTime), cut to the microsecond; null unless it ran over SIP.';
COMMENT ON COLUMN teams.media_streams.end_at IS 'End of the stream (Graph: endDateTime), cut to the microsecond; null unless it ran over SIP.';
COMMENT ON COLUMN teams.media_streams.audio_codec IS 'Audio codec (Graph: audioCodec); null if unknown.';
COMMENT ON COLUMN teams.media_streams.video_codec IS 'Video codec (Graph: videoCodec); null if unknown.';
COMMENT ON COLUMN teams.media_streams.packet_utilization IS 'Number of packets (Graph: packetUtilization); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_bandwidth_estimate IS 'Average bandwidth estimated, in bits per second (Graph: averageBandwidthEstimate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_jitter_ms IS 'Average jitter (RFC 3550) in milliseconds (Graph: averageJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_jitter_ms IS 'Greatest jitter (RFC 3550) in milliseconds (Graph: maxJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_round_trip_time_ms IS 'Average round-trip time (RFC 3550) in milliseconds (Graph: averageRoundTripTime); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_round_trip_time_ms IS 'Greatest round-trip time (RFC 3550) in milliseconds (Graph: maxRoundTripTime); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_audio_network_jitter_ms IS 'Average jitter of the network for audio in milliseconds (Graph: averageAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_audio_network_jitter_ms IS 'Greatest jitter of the network for audio, in windows of 20 seconds, in milliseconds (Graph: maxAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_freeze_duration_ms IS 'Average duration of freezes of received video in milliseconds (Graph: averageFreezeDuration); null if not measured.';
COMMENT ON COLUMN teams.media_streams.rms_freeze_duration_ms IS 'Root mean square of the durations of freezes of received video in milliseconds (Graph: rmsFreezeDuration); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_packet_loss_rate IS 'Average share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_packet_loss_rate IS 'Greatest share of packets lost, 0 to 1 (Graph: maxPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_audio_degradation IS 'Points of mean opinion score that loss and jitter took from the audio received (Graph: averageAudioDegradation); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_ratio_of_concealed_samples IS 'Average share of audio frames with concealed samples, 0 to 1 (Graph: averageRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN teams.media_streams.max_ratio_of_concealed_samples IS 'Greatest share of audio frames with concealed samples, 0 to 1 (Graph: maxRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_received_frame_rate IS 'Average frames per second received, over all video streams of the session (Graph: averageReceivedFrameRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_frame_loss_percentage IS 'Average percentage of video frames lost as shown, 0 to 100 (Graph: averageVideoFrameLossPercentage); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_frame_rate IS 'Average frames per second of video (Graph: averageVideoFrameRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.average_video_packet_loss_rate IS 'Average share of video packets lost, 0 to 1 (RFC 3550) (Graph: averageVideoPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.post_forward_error_correction_packet_loss_rate IS 'Share of packets lost after error correction, 0 to 1, over all video streams (Graph: postForwardErrorCorrectionPacketLossRate); null if not measured.';
COMMENT ON COLUMN teams.media_streams.low_frame_rate_ratio IS 'Share of the call with less than 7.5 frames per second, 0 to 1 (Graph: lowFrameRateRatio); null if not measured.';
COMMENT ON COLUMN teams.media_streams.low_video_processing_capability_ratio IS 'Share of the call with less than 70 % of the video processing expected, 0 to 1 (Graph: lowVideoProcessingCapabilityRatio); null if not measured.';
COMMENT ON COLUMN teams.media_streams.is_audio_forward_error_correction_used IS 'Whether error correction was used for audio at some time (Graph: isAudioForwardErrorCorrectionUsed); null if unknown.';
COMMENT ON COLUMN teams.media_streams.was_media_bypassed IS 'Whether the stream went past the mediation server, from client to gateway (Graph: wasMediaBypassed); null if unknown.';
COMMENT ON COLUMN teams.media_streams.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segment_media (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    segment_index integer NOT NULL,
    media_index integer NOT NULL,
    label text,
    unknown_fields jsonb
)
WITH (parallel_workers='0');
ALTER TABLE ONLY teams.segment_media ALTER COLUMN call_id SET (n_distinct=-0.12, n_distinct_inherited=-0.12);
COMMENT ON TABLE teams.segment_media IS 'One row per media of a segment (Graph: media). Join (call_id, session_index, segment_index) to segments.';
COMMENT ON COLUMN teams.segment_media.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segment_media.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segment_media.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segment_media.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.segment_media.media_index IS 'Place of the media, from 0, in the order served.';
COMMENT ON COLUMN teams.segment_media.label IS 'Name of the media in its negotiation (Graph: label), such as main-audio; null if not served.';
COMMENT ON COLUMN teams.segment_media.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE VIEW live.streams AS
 SELECT c.start_at AS call_start_at,
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
    analytics.stream_quality(analytics.media_kind(m.label), t.packet_utilization, t.average_round_trip_time_ms, t.average_jitter_ms, t.average_packet_loss_rate, t.average_video_frame_loss_percentage, t.average_video_frame_rate, t.post_forward_error_correction_packet_loss_rate) AS quality,
        CASE analytics.lower_ascii(t.stream_direction)
            WHEN 'callertocallee'::text THEN 'caller'::text
            WHEN 'calleetocaller'::text THEN 'callee'::text
            ELSE NULL::text
        END AS sender_side
   FROM ((live.calls c
     JOIN teams.segment_media m ON (((m.tenant_id = c.tenant_id) AND (m.call_id = c.id))))
     JOIN teams.media_streams t ON (((t.tenant_id = m.tenant_id) AND (t.call_id = m.call_id) AND (t.session_index = m.session_index) AND (t.segment_index = m.segment_index) AND (t.media_index = m.media_index))))
  WHERE (NOT (EXISTS ( SELECT
           FROM teams.sessions s
          WHERE (s.is_test AND (s.tenant_id = m.tenant_id) AND (s.call_id = m.call_id) AND (s.session_index = m.session_index)))));
COMMENT ON VIEW live.streams IS 'Streams with their call and class, without those of sessions that are tests (teams.media_streams).';
COMMENT ON COLUMN live.streams.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN live.streams.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN live.streams.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.streams.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN live.streams.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN live.streams.segment_index IS 'Place of the segment in the session, from 0.';
COMMENT ON COLUMN live.streams.media_index IS 'Place of the media in the segment, from 0.';
COMMENT ON COLUMN live.streams.stream_index IS 'Place of the stream in the media, from 0.';
COMMENT ON COLUMN live.streams.stream_id IS 'Id of the stream (Graph: streamId), unique in its media only; null if not served.';
COMMENT ON COLUMN live.streams.stream_direction IS 'Who sends, as Graph says it, such as callerToCallee; null if not served.';
COMMENT ON COLUMN live.streams.start_at IS 'Start of the stream, else of its segment; no index serves it; null if neither was served.';
COMMENT ON COLUMN live.streams.end_at IS 'End of the stream, else of its segment; null if neither was served.';
COMMENT ON COLUMN live.streams.audio_codec IS 'Audio codec (Graph: audioCodec); null if unknown.';
COMMENT ON COLUMN live.streams.video_codec IS 'Video codec (Graph: videoCodec); null if unknown.';
COMMENT ON COLUMN live.streams.packet_utilization IS 'Number of packets (Graph: packetUtilization); null if not measured.';
COMMENT ON COLUMN live.streams.average_bandwidth_estimate IS 'Average bandwidth estimated, in bits per second (Graph: averageBandwidthEstimate); null if not measured.';
COMMENT ON COLUMN live.streams.average_jitter_ms IS 'Average jitter (RFC 3550) in milliseconds (Graph: averageJitter); null if not measured.';
COMMENT ON COLUMN live.streams.max_jitter_ms IS 'Greatest jitter (RFC 3550) in milliseconds (Graph: maxJitter); null if not measured.';
COMMENT ON COLUMN live.streams.average_round_trip_time_ms IS 'Average round-trip time (RFC 3550) in milliseconds (Graph: averageRoundTripTime); null if not measured.';
COMMENT ON COLUMN live.streams.max_round_trip_time_ms IS 'Greatest round-trip time (RFC 3550) in milliseconds (Graph: maxRoundTripTime); null if not measured.';
COMMENT ON COLUMN live.streams.average_audio_network_jitter_ms IS 'Average jitter of the network for audio in milliseconds (Graph: averageAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN live.streams.max_audio_network_jitter_ms IS 'Greatest jitter of the network for audio, in windows of 20 seconds, in milliseconds (Graph: maxAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN live.streams.average_freeze_duration_ms IS 'Average duration of freezes of received video in milliseconds (Graph: averageFreezeDuration); null if not measured.';
COMMENT ON COLUMN live.streams.rms_freeze_duration_ms IS 'Root mean square of the durations of freezes of received video in milliseconds (Graph: rmsFreezeDuration); null if not measured.';
COMMENT ON COLUMN live.streams.average_packet_loss_rate IS 'Average share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not measured.';
COMMENT ON COLUMN live.streams.max_packet_loss_rate IS 'Greatest share of packets lost, 0 to 1 (Graph: maxPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.streams.average_audio_degradation IS 'Points of mean opinion score that loss and jitter took from the audio received (Graph: averageAudioDegradation); null if not measured.';
COMMENT ON COLUMN live.streams.average_ratio_of_concealed_samples IS 'Average share of audio frames with concealed samples, 0 to 1 (Graph: averageRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN live.streams.max_ratio_of_concealed_samples IS 'Greatest share of audio frames with concealed samples, 0 to 1 (Graph: maxRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN live.streams.average_received_frame_rate IS 'Average frames per second received, over all video streams of the session (Graph: averageReceivedFrameRate); null if not measured.';
COMMENT ON COLUMN live.streams.average_video_frame_loss_percentage IS 'Average percentage of video frames lost as shown, 0 to 100 (Graph: averageVideoFrameLossPercentage); null if not measured.';
COMMENT ON COLUMN live.streams.average_video_frame_rate IS 'Average frames per second of video (Graph: averageVideoFrameRate); null if not measured.';
COMMENT ON COLUMN live.streams.average_video_packet_loss_rate IS 'Average share of video packets lost, 0 to 1 (RFC 3550) (Graph: averageVideoPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.streams.post_forward_error_correction_packet_loss_rate IS 'Share of packets lost after error correction, 0 to 1, over all video streams (Graph: postForwardErrorCorrectionPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.streams.low_frame_rate_ratio IS 'Share of the call with less than 7.5 frames per second, 0 to 1 (Graph: lowFrameRateRatio); null if not measured.';
COMMENT ON COLUMN live.streams.low_video_processing_capability_ratio IS 'Share of the call with less than 70 % of the video processing expected, 0 to 1 (Graph: lowVideoProcessingCapabilityRatio); null if not measured.';
COMMENT ON COLUMN live.streams.is_audio_forward_error_correction_used IS 'Whether error correction was used for audio at some time (Graph: isAudioForwardErrorCorrectionUsed); null if unknown.';
COMMENT ON COLUMN live.streams.was_media_bypassed IS 'Whether media went past Teams, straight to the SBC (Graph: wasMediaBypassed); null if not served.';
COMMENT ON COLUMN live.streams.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.streams.label IS 'What the media is, as Graph calls it, such as main-audio; null if not served.';
COMMENT ON COLUMN live.streams.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN live.streams.quality IS 'Class of the stream (analytics.stream_quality); too little to judge by is unclassified. One of: good, poor, unclassified.';
COMMENT ON COLUMN live.streams.sender_side IS 'Who sends. One of: caller, callee; null if not served.';

CREATE TABLE teams.media_endpoints (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    segment_index integer NOT NULL,
    media_index integer NOT NULL,
    side text NOT NULL,
    capture_device_name text,
    capture_device_driver text,
    render_device_name text,
    render_device_driver text,
    capture_not_functioning_event_ratio double precision,
    cpu_insufficent_event_ratio double precision,
    device_clipping_event_ratio double precision,
    device_glitch_event_ratio double precision,
    initial_signal_level_root_mean_square double precision,
    low_speech_level_event_ratio double precision,
    low_speech_to_noise_event_ratio double precision,
    mic_glitch_rate double precision,
    speaker_glitch_rate double precision,
    render_mute_event_ratio double precision,
    render_not_functioning_event_ratio double precision,
    render_zero_volume_event_ratio double precision,
    howling_event_count integer,
    received_noise_level integer,
    received_signal_level integer,
    sent_noise_level integer,
    sent_signal_level integer,
    connection_type text,
    network_transport_protocol text,
    wifi_band text,
    wifi_radio_type text,
    basic_service_set_identifier text,
    dns_suffix text,
    mac_address text,
    subnet text,
    wifi_microsoft_driver text,
    wifi_microsoft_driver_version text,
    wifi_vendor_driver text,
    wifi_vendor_driver_version text,
    ip_address inet,
    reflexive_ip_address inet,
    relay_ip_address inet,
    port integer,
    relay_port integer,
    wifi_battery_charge integer,
    wifi_channel integer,
    wifi_signal_strength integer,
    link_speed bigint,
    bandwidth_low_event_ratio double precision,
    delay_event_ratio double precision,
    received_quality_event_ratio double precision,
    sent_quality_event_ratio double precision,
    trace_route_hops jsonb,
    unknown_fields jsonb
);
ALTER TABLE ONLY teams.media_endpoints ALTER COLUMN call_id SET (n_distinct=-0.06, n_distinct_inherited=-0.06);
ALTER TABLE ONLY teams.media_endpoints ALTER COLUMN session_index SET STATISTICS 0;
ALTER TABLE ONLY teams.media_endpoints ALTER COLUMN segment_index SET STATISTICS 0;
ALTER TABLE ONLY teams.media_endpoints ALTER COLUMN media_index SET STATISTICS 0;
COMMENT ON TABLE teams.media_endpoints IS 'Device and network of the caller and of the callee of each media (Graph: callerDevice, callerNetwork, calleeDevice, calleeNetwork), where served. Join (call_id, session_index, segment_index, media_index) to segment_media.';
COMMENT ON COLUMN teams.media_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.media_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.media_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.media_endpoints.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.media_endpoints.media_index IS 'The media (teams.segment_media).';
COMMENT ON COLUMN teams.media_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.media_endpoints.capture_device_name IS 'Microphone or camera (Graph: captureDeviceName); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.capture_device_driver IS 'Its driver (Graph: captureDeviceDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.render_device_name IS 'Loudspeaker or screen (Graph: renderDeviceName); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.render_device_driver IS 'Its driver (Graph: renderDeviceDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.capture_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a capture device that did not work (Graph: captureNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.cpu_insufficent_event_ratio IS 'Share of the call, 0 to 1, with too little processor time (Graph: cpuInsufficentEventRatio, so spelt); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.device_clipping_event_ratio IS 'Share of the call, 0 to 1, with a clipped signal (Graph: deviceClippingEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.device_glitch_event_ratio IS 'Share of the call, 0 to 1, with glitches of the device (Graph: deviceGlitchEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.initial_signal_level_root_mean_square IS 'Root mean square of the incoming signal in the first 30 seconds (Graph: initialSignalLevelRootMeanSquare); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.low_speech_level_event_ratio IS 'Share of the call, 0 to 1, with speech too low (Graph: lowSpeechLevelEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.low_speech_to_noise_event_ratio IS 'Share of the call, 0 to 1, with speech too low for the noise (Graph: lowSpeechToNoiseEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.mic_glitch_rate IS 'Glitches of the microphone per 5 minutes (Graph: micGlitchRate); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.speaker_glitch_rate IS 'Glitches of the loudspeaker per 5 minutes (Graph: speakerGlitchRate); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_mute_event_ratio IS 'Share of the call, 0 to 1, with the loudspeaker muted (Graph: renderMuteEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a render device that did not work (Graph: renderNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.render_zero_volume_event_ratio IS 'Share of the call, 0 to 1, with the volume at zero (Graph: renderZeroVolumeEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.howling_event_count IS 'How often there was acoustic feedback (Graph: howlingEventCount); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_noise_level IS 'Average level of noise received, in dB, below zero (Graph: receivedNoiseLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_signal_level IS 'Average level of the signal received, in dB, below zero (Graph: receivedSignalLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_noise_level IS 'Average level of noise sent, in dB, below zero (Graph: sentNoiseLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_signal_level IS 'Average level of the signal sent, in dB, below zero (Graph: sentSignalLevel); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.connection_type IS 'Kind of network (Graph: connectionType), such as wired, wifi, mobile, tunnel, unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.network_transport_protocol IS 'udp, tcp or unknown (Graph: networkTransportProtocol); null if not served.';
COMMENT ON COLUMN teams.media_endpoints.wifi_band IS 'Band of the Wi-Fi (Graph: wifiBand), such as frequency24GHz, or unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.wifi_radio_type IS 'Standard of the Wi-Fi (Graph: wifiRadioType), such as wifi80211ax, or unknown; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.basic_service_set_identifier IS 'Access point of the Wi-Fi (Graph: basicServiceSetIdentifier); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.dns_suffix IS 'DNS suffix of the network adapter (Graph: dnsSuffix); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.mac_address IS 'Hardware address of the network adapter (Graph: macAddress), as served; null if unknown. Devices that hide it serve zeros or 02:00:00:00:00:00.';
COMMENT ON COLUMN teams.media_endpoints.subnet IS 'Subnet of the address (Graph: subnet), as served: its first address, without a length; null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_microsoft_driver IS 'Microsoft''s Wi-Fi driver, maybe in the user''s language (Graph: wifiMicrosoftDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_microsoft_driver_version IS 'Its version (Graph: wifiMicrosoftDriverVersion); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_vendor_driver IS 'The vendor''s Wi-Fi driver, maybe in the user''s language (Graph: wifiVendorDriver); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_vendor_driver_version IS 'Its version (Graph: wifiVendorDriverVersion); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.ip_address IS 'Address of the endpoint (Graph: ipAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.reflexive_ip_address IS 'Address that the media relay saw, mostly the public one (Graph: reflexiveIPAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.relay_ip_address IS 'Address of the media relay (Graph: relayIPAddress); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.port IS 'Port of the endpoint (Graph: port); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.relay_port IS 'Port of the media relay (Graph: relayPort); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_battery_charge IS 'Battery charge in percent (Graph: wifiBatteryCharge); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_channel IS 'Channel of the Wi-Fi (Graph: wifiChannel); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.wifi_signal_strength IS 'Signal of the Wi-Fi in percent (Graph: wifiSignalStrength); null if unknown.';
COMMENT ON COLUMN teams.media_endpoints.link_speed IS 'Speed of the network adapter in bits per second (Graph: linkSpeed); null if unknown, also where Graph says so by 4294967295.';
COMMENT ON COLUMN teams.media_endpoints.bandwidth_low_event_ratio IS 'Share of the call, 0 to 1, with too little bandwidth for good audio (Graph: bandwidthLowEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.delay_event_ratio IS 'Share of the call, 0 to 1, with a delay that hinders talking (Graph: delayEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.received_quality_event_ratio IS 'Share of the call, 0 to 1, with poor audio received, for the network (Graph: receivedQualityEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.sent_quality_event_ratio IS 'Share of the call, 0 to 1, with poor audio sent, for the network (Graph: sentQualityEventRatio); null if not measured.';
COMMENT ON COLUMN teams.media_endpoints.trace_route_hops IS 'Route to the media relay, as served (Graph: traceRouteHops): hopCount, ipAddress, roundTripTime as an ISO 8601 duration. Empty unless Microsoft''s support turned it on; null if not served.';
COMMENT ON COLUMN teams.media_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segment_endpoints (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    segment_index integer NOT NULL,
    side text NOT NULL,
    endpoint_type text,
    identity_id text COLLATE pg_catalog."C",
    display_name text,
    principal_name text,
    identity_tenant_id uuid,
    identity_kind text,
    user_id uuid,
    endpoint_name text,
    cpu_name text,
    cpu_cores_count integer,
    cpu_processor_speed_in_mhz integer,
    user_agent_header text,
    application_version text,
    platform text,
    product_family text,
    azure_ad_app_id uuid,
    communication_service_id text COLLATE pg_catalog."C",
    service_role text,
    feedback_rating text,
    feedback_text text,
    feedback_tokens jsonb,
    unknown_fields jsonb
);
ALTER TABLE ONLY teams.segment_endpoints ALTER COLUMN call_id SET (n_distinct=-0.1, n_distinct_inherited=-0.1);
ALTER TABLE ONLY teams.segment_endpoints ALTER COLUMN session_index SET STATISTICS 0;
ALTER TABLE ONLY teams.segment_endpoints ALTER COLUMN segment_index SET STATISTICS 0;
COMMENT ON TABLE teams.segment_endpoints IS 'The caller and the callee of each segment (Graph: segments, their caller and callee), where served; they may differ from those of its session. Join (call_id, session_index, segment_index) to segments, user_id to teams.users.';
COMMENT ON COLUMN teams.segment_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segment_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segment_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segment_endpoints.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN teams.segment_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN teams.segment_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN teams.segment_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN teams.segment_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN teams.segment_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN teams.segment_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN teams.segment_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.segment_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN teams.segment_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN teams.segment_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN teams.segment_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN teams.segment_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN teams.segment_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN teams.segment_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE TABLE teams.segments (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    session_index integer NOT NULL,
    segment_index integer NOT NULL,
    segment_id uuid,
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    failure_stage text,
    failure_reason text,
    unknown_fields jsonb
)
WITH (parallel_workers='0');
ALTER TABLE ONLY teams.segments ALTER COLUMN call_id SET (n_distinct=-0.2, n_distinct_inherited=-0.2);
ALTER TABLE ONLY teams.segments ALTER COLUMN session_index SET STATISTICS 0;
ALTER TABLE ONLY teams.segments ALTER COLUMN segment_index SET STATISTICS 0;
COMMENT ON TABLE teams.segments IS 'One row per segment of a session: one leg between two endpoints (Graph: segments). A call over the telephone network has several. Join (call_id, session_index) to sessions.';
COMMENT ON COLUMN teams.segments.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.segments.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.segments.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN teams.segments.segment_index IS 'Place of the segment, from 0, in the order served.';
COMMENT ON COLUMN teams.segments.segment_id IS 'Id of the segment (Graph: id). In a call of two it is the call''s own.';
COMMENT ON COLUMN teams.segments.start_at IS 'Start of the segment (Graph: startDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.segments.end_at IS 'End of the segment (Graph: endDateTime), cut to the microsecond.';
COMMENT ON COLUMN teams.segments.failure_stage IS 'Stage at which it failed (Graph: failureInfo.stage), such as callSetup or midcall; null if it did not fail.';
COMMENT ON COLUMN teams.segments.failure_reason IS 'Why it failed, in Microsoft''s words (Graph: failureInfo.reason); null if it did not fail.';
COMMENT ON COLUMN teams.segments.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE VIEW analytics.call_quality_streams AS
 SELECT t.tenant_id,
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
        CASE t.sender_side
            WHEN 'caller'::text THEN 'callee'::text
            WHEN 'callee'::text THEN 'caller'::text
            ELSE NULL::text
        END AS receiver_side,
    COALESCE(t.start_at, g.start_at) AS start_at,
    COALESCE(t.end_at, g.end_at) AS end_at,
    (EXTRACT(epoch FROM (COALESCE(t.end_at, g.end_at) - COALESCE(t.start_at, g.start_at))))::double precision AS duration_s,
    t.quality,
    analytics.poor_reasons(t.media_kind, t.packet_utilization, t.average_round_trip_time_ms, t.average_jitter_ms, t.average_packet_loss_rate, t.average_video_frame_loss_percentage, t.average_video_frame_rate, t.post_forward_error_correction_packet_loss_rate) AS poor_reasons,
    'cqd_2024'::text AS classifier,
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
   FROM ((((((live.streams t
     LEFT JOIN teams.segment_endpoints pa ON (((pa.tenant_id = t.tenant_id) AND (pa.call_id = t.call_id) AND (pa.session_index = t.session_index) AND (pa.segment_index = t.segment_index) AND (pa.side = 'caller'::text))))
     LEFT JOIN teams.segment_endpoints pb ON (((pb.tenant_id = t.tenant_id) AND (pb.call_id = t.call_id) AND (pb.session_index = t.session_index) AND (pb.segment_index = t.segment_index) AND (pb.side = 'callee'::text))))
     LEFT JOIN teams.media_endpoints ea ON (((ea.tenant_id = t.tenant_id) AND (ea.call_id = t.call_id) AND (ea.session_index = t.session_index) AND (ea.segment_index = t.segment_index) AND (ea.media_index = t.media_index) AND (ea.side = 'caller'::text))))
     LEFT JOIN teams.media_endpoints eb ON (((eb.tenant_id = t.tenant_id) AND (eb.call_id = t.call_id) AND (eb.session_index = t.session_index) AND (eb.segment_index = t.segment_index) AND (eb.media_index = t.media_index) AND (eb.side = 'callee'::text))))
     LEFT JOIN teams.segments g ON (((g.tenant_id = t.tenant_id) AND (g.call_id = t.call_id) AND (g.session_index = t.session_index) AND (g.segment_index = t.segment_index))))
     LEFT JOIN teams.sessions s ON (((s.tenant_id = t.tenant_id) AND (s.call_id = t.call_id) AND (s.session_index = t.session_index))));
COMMENT ON VIEW analytics.call_quality_streams IS 'One row per media stream of a call, with its quality by Microsoft''s published classifier and both sides. Sessions that are tests are left out. Key: tenant_id, call_id, session_index, segment_index, media_index, stream_index. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.call_quality_streams.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.call_quality_streams.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN analytics.call_quality_streams.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.segment_index IS 'Place of the segment in the session, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.media_index IS 'Place of the media in the segment, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.stream_index IS 'Place of the stream in the media, from 0.';
COMMENT ON COLUMN analytics.call_quality_streams.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.session_id IS 'Id of the session, which can occur twice in a call; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.segment_id IS 'Id of the segment; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.call_quality_streams.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN analytics.call_quality_streams.label IS 'What the media is, as Graph calls it, such as main-audio; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.stream_direction IS 'Who sends, as Graph says it, such as callerToCallee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.sender_side IS 'Who sends. One of: caller, callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.receiver_side IS 'Who receives. One of: caller, callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.start_at IS 'Start of the stream, else of its segment; no index serves it; null if neither was served.';
COMMENT ON COLUMN analytics.call_quality_streams.end_at IS 'End of the stream, else of its segment; null if neither was served.';
COMMENT ON COLUMN analytics.call_quality_streams.duration_s IS 'From start_at to end_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.call_quality_streams.quality IS 'Class of the stream (analytics.stream_quality); too little to judge by is unclassified. One of: good, poor, unclassified.';
COMMENT ON COLUMN analytics.call_quality_streams.poor_reasons IS 'What made it poor, joined by commas: of audio rtt, jitter, loss; of video and screen sharing frame_loss, frame_rate or fec_loss; null unless poor.';
COMMENT ON COLUMN analytics.call_quality_streams.classifier IS 'The set of rules that quality follows. One of: cqd_2024.';
COMMENT ON COLUMN analytics.call_quality_streams.packets IS 'Packets of the stream (Graph: packetUtilization); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.rtt_ms IS 'Mean round trip, in milliseconds (Graph: averageRoundTripTime); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.jitter_ms IS 'Mean jitter, in milliseconds (Graph: averageJitter); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.packet_loss IS 'Mean share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_user_id IS 'User on the caller''s side; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_endpoint_type IS 'What is on the caller''s side, such as participant, service; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_platform IS 'Platform of the caller, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_subnet IS 'Subnet of the caller; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_reflexive_ip IS 'Public address of the caller; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_relay_ip IS 'Address of the relay the caller had ready; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_connection_type IS 'How the caller was connected, such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_wifi_band IS 'Band of the caller''s wireless network, such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_transport IS 'Protocol of the caller''s media, such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_capture_device IS 'Device the caller spoke into; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.caller_render_device IS 'Device the caller listened with; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_user_id IS 'User on the callee''s side; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_endpoint_type IS 'What is on the callee''s side, such as participant, service; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_platform IS 'Platform of the callee, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_subnet IS 'Subnet of the callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_reflexive_ip IS 'Public address of the callee; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_relay_ip IS 'Address of the relay the callee had ready; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_connection_type IS 'How the callee was connected, such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_wifi_band IS 'Band of the callee''s wireless network, such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_transport IS 'Protocol of the callee''s media, such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_capture_device IS 'Device the callee spoke into; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.callee_render_device IS 'Device the callee listened with; null if not served.';
COMMENT ON COLUMN analytics.call_quality_streams.was_media_bypassed IS 'Whether media went past Teams, straight to the SBC (Graph: wasMediaBypassed); null if not served.';

CREATE TABLE ingest.endpoints (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    schedule text NOT NULL,
    interval_s integer,
    reach interval NOT NULL,
    settle interval NOT NULL,
    start_from timestamp with time zone,
    origin timestamp with time zone NOT NULL,
    settled_until timestamp with time zone NOT NULL,
    watermark timestamp with time zone NOT NULL,
    clock_at timestamp with time zone,
    next_due_at timestamp with time zone,
    removed_at timestamp with time zone,
    last_result text,
    last_finished_at timestamp with time zone,
    last_success_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    healed_at timestamp with time zone,
    caught_up_at timestamp with time zone,
    last_error_code text,
    last_error text,
    last_error_at timestamp with time zone,
    last_status integer,
    last_request_id text,
    kept_from timestamp with time zone,
    details_kept_from timestamp with time zone
);
COMMENT ON TABLE ingest.endpoints IS 'One row per tenant and endpoint: how it is configured and how far it has come. Written by the daemon at its start, while it reads and after each run.';
COMMENT ON COLUMN ingest.endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.endpoints.endpoint IS 'Name of the endpoint, which is also the name of its table in schema teams.';
COMMENT ON COLUMN ingest.endpoints.enabled IS 'Whether the configuration has the endpoint switched on.';
COMMENT ON COLUMN ingest.endpoints.schedule IS 'Cron expression (UTC) of its runs.';
COMMENT ON COLUMN ingest.endpoints.interval_s IS 'Seconds between two runs by the schedule; null if not known.';
COMMENT ON COLUMN ingest.endpoints.reach IS 'How far back Graph answers. origin was made from it.';
COMMENT ON COLUMN ingest.endpoints.settle IS 'How long after their time rows may still arrive or change.';
COMMENT ON COLUMN ingest.endpoints.start_from IS 'From when on the configuration wants rows, from which origin was made; null if from as far back as Graph answers.';
COMMENT ON COLUMN ingest.endpoints.origin IS 'From when on nothing may be missing: the reach at the first start, or start_from. It moves only when these change in the configuration.';
COMMENT ON COLUMN ingest.endpoints.settled_until IS 'End of the gapless run, since origin, of slots that are settled or whose loss is acknowledged.';
COMMENT ON COLUMN ingest.endpoints.watermark IS 'End of the gapless run of settled slots since origin, acknowledged losses stepped over: everything before it is here for good.';
COMMENT ON COLUMN ingest.endpoints.clock_at IS 'Graph''s time when it last agreed with the local clock to within an hour; null if it never has.';
COMMENT ON COLUMN ingest.endpoints.next_due_at IS 'When its next run is due; null while switched off.';
COMMENT ON COLUMN ingest.endpoints.removed_at IS 'When it was first missing from the configuration; null while it is there.';
COMMENT ON COLUMN ingest.endpoints.last_result IS 'Result of the last run (ingest.runs.result); null before the first.';
COMMENT ON COLUMN ingest.endpoints.last_finished_at IS 'End of the last run; null before the first.';
COMMENT ON COLUMN ingest.endpoints.last_success_at IS 'End of the last run with result ok; null before the first.';
COMMENT ON COLUMN ingest.endpoints.failures IS 'Failed runs in a row.';
COMMENT ON COLUMN ingest.endpoints.failing_since IS 'End of the first of the failed runs in a row; null after a good run.';
COMMENT ON COLUMN ingest.endpoints.healed_at IS 'End of the first good run after the last failed one; null while runs fail, or if none ever did.';
COMMENT ON COLUMN ingest.endpoints.caught_up_at IS 'End of the first run that left nothing unread: from then on it was read as a whole; null before.';
COMMENT ON COLUMN ingest.endpoints.last_error_code IS 'Cause of the last failure as one word for programs, such as permission_missing; null if no run ever failed. It is still so while failures is above 0.';
COMMENT ON COLUMN ingest.endpoints.last_error IS 'What the last failed run failed with. Never quotes row values.';
COMMENT ON COLUMN ingest.endpoints.last_error_at IS 'End of the last failed run.';
COMMENT ON COLUMN ingest.endpoints.last_status IS 'HTTP status of that failure; null if there was no answer.';
COMMENT ON COLUMN ingest.endpoints.last_request_id IS 'Microsoft''s request-id of that failure, for a support case; null if there was no answer.';
COMMENT ON COLUMN ingest.endpoints.kept_from IS 'Before when rows may have been deleted by retention; null: none were. What Graph still says of that time is not stored. It never moves back.';
COMMENT ON COLUMN ingest.endpoints.details_kept_from IS 'Of call records: before when details may have been deleted by retention, while the call stays; null: none were. It never moves back.';

CREATE TABLE ref.settings (
    single boolean DEFAULT true NOT NULL,
    report_timezone text DEFAULT 'UTC'::text NOT NULL,
    CONSTRAINT settings_report_timezone_check CHECK ((('2026-01-01 00:00:00'::timestamp without time zone AT TIME ZONE report_timezone) IS NOT NULL)),
    CONSTRAINT settings_single_check CHECK (single),
    CONSTRAINT utc_or_a_name_like_europe_berlin CHECK (((report_timezone = 'UTC'::text) OR (report_timezone ~ '/'::text)))
);
COMMENT ON TABLE ref.settings IS 'One row: what holds for the whole database.';
COMMENT ON COLUMN ref.settings.single IS 'Always true, so that there is one row.';
COMMENT ON COLUMN ref.settings.report_timezone IS 'Time zone whose days, hours and months reports are made of, such as Europe/Berlin. After a change all figures are made anew (ingestd rollup refresh).';

CREATE TABLE rollup.views (
    name text NOT NULL,
    sources text[] NOT NULL,
    touches_neighbours boolean DEFAULT false NOT NULL,
    "position" smallint DEFAULT 2 NOT NULL
);
COMMENT ON TABLE rollup.views IS 'The rollups: each name is a table of schema rollup and a view of schema live, both with the columns tenant_id and day.';
COMMENT ON COLUMN rollup.views.name IS 'Name of table and view.';
COMMENT ON COLUMN rollup.views.sources IS 'The endpoints whose rows it is computed from.';
COMMENT ON COLUMN rollup.views.touches_neighbours IS 'Whether a row counts in the days beside its own too: calls that carry over into the next day, days of UTC, calls that belong to others.';
COMMENT ON COLUMN rollup.views."position" IS 'Which are computed first: 1 before 2, as a view may read the rollup of another.';

CREATE VIEW live.complete_through AS
 SELECT e.tenant_id,
    v.name,
    min(e.watermark) AS complete_through,
    (min(e.watermark) - '01:00:00'::interval) AS hour,
    ((min(e.watermark) AT TIME ZONE ( SELECT settings.report_timezone
           FROM ref.settings)))::date AS day
   FROM (rollup.views v
     JOIN ingest.endpoints e ON ((e.endpoint = ANY (v.sources))))
  WHERE e.enabled
  GROUP BY e.tenant_id, v.name;
COMMENT ON VIEW live.complete_through IS 'Until when all is here that a view is made of, by tenant.';
COMMENT ON COLUMN live.complete_through.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.complete_through.name IS 'Name of the view.';
COMMENT ON COLUMN live.complete_through.complete_through IS 'Until when every row is here for good, losses that someone has acknowledged aside.';
COMMENT ON COLUMN live.complete_through.hour IS 'An hour before complete_through; hours that begin by then are final.';
COMMENT ON COLUMN live.complete_through.day IS 'Day that complete_through is in; days before it are final.';

CREATE TABLE ref.quality_targets (
    tenant_id uuid,
    media_kind text NOT NULL,
    call_kind text NOT NULL,
    poor_pct numeric,
    setup_failure_pct numeric,
    drop_pct numeric
);
COMMENT ON TABLE ref.quality_targets IS 'What percentages should not exceed. Filled with what Microsoft publishes for audio.';
COMMENT ON COLUMN ref.quality_targets.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.quality_targets.media_kind IS 'Kind of media, as in poor_stream_rate_daily.';
COMMENT ON COLUMN ref.quality_targets.call_kind IS 'Kind of call, as in calls.';
COMMENT ON COLUMN ref.quality_targets.poor_pct IS 'Of poor streams, 0 to 100; null without a target.';
COMMENT ON COLUMN ref.quality_targets.setup_failure_pct IS 'Of segments whose setup failed, 0 to 100; null without a target.';
COMMENT ON COLUMN ref.quality_targets.drop_pct IS 'Of segments that were dropped, 0 to 100; null without a target.';

CREATE TABLE rollup.call_reliability_daily (
    tenant_id uuid,
    day date,
    call_kind text,
    segments bigint,
    setup_failed bigint,
    dropped bigint,
    setup_failure_pct numeric,
    drop_pct numeric
);
COMMENT ON TABLE rollup.call_reliability_daily IS 'Rows of live.call_reliability_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.call_reliability_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.call_reliability_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.call_reliability_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN rollup.call_reliability_daily.segments IS 'Segments of the day''s calls.';
COMMENT ON COLUMN rollup.call_reliability_daily.setup_failed IS 'Segments whose setup failed (failure stage callSetup).';
COMMENT ON COLUMN rollup.call_reliability_daily.dropped IS 'Segments that were dropped (failure stage midcall).';
COMMENT ON COLUMN rollup.call_reliability_daily.setup_failure_pct IS 'setup_failed in percent of segments, 0 to 100.';
COMMENT ON COLUMN rollup.call_reliability_daily.drop_pct IS 'dropped in percent of the segments that were set up, 0 to 100; null if none was.';

CREATE VIEW analytics.call_reliability_daily AS
 SELECT x.tenant_id,
    x.day,
    x.call_kind,
    x.segments,
    x.setup_failed,
    x.dropped,
    x.setup_failure_pct,
    x.drop_pct,
    t.setup_failure_pct AS setup_failure_target_pct,
    t.drop_pct AS drop_target_pct,
    COALESCE((x.day < c.day), false) AS is_final
   FROM ((rollup.call_reliability_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'call_reliability_daily'::text))))
     LEFT JOIN LATERAL ( SELECT q.setup_failure_pct,
            q.drop_pct
           FROM ref.quality_targets q
          WHERE ((q.media_kind = 'audio'::text) AND (q.call_kind = x.call_kind) AND ((q.tenant_id = x.tenant_id) OR (q.tenant_id IS NULL)))
          ORDER BY q.tenant_id
         LIMIT 1) t ON (true));
COMMENT ON VIEW analytics.call_reliability_daily IS 'One row per day and kind of call: segments whose setup failed, or that were dropped. Callers who hang up are among them. Key: tenant_id, day, call_kind. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.call_reliability_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.call_reliability_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.call_reliability_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.call_reliability_daily.segments IS 'Segments of the day''s calls.';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failed IS 'Segments whose setup failed (failure stage callSetup).';
COMMENT ON COLUMN analytics.call_reliability_daily.dropped IS 'Segments that were dropped (failure stage midcall).';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failure_pct IS 'setup_failed in percent of segments, 0 to 100.';
COMMENT ON COLUMN analytics.call_reliability_daily.drop_pct IS 'dropped in percent of the segments that were set up, 0 to 100; null if none was.';
COMMENT ON COLUMN analytics.call_reliability_daily.setup_failure_target_pct IS 'What setup_failure_pct should not exceed (ref.quality_targets), 0 to 100; null without a target.';
COMMENT ON COLUMN analytics.call_reliability_daily.drop_target_pct IS 'What drop_pct should not exceed (ref.quality_targets), 0 to 100; null without a target.';
COMMENT ON COLUMN analytics.call_reliability_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.call_volume_hourly (
    tenant_id uuid,
    hour timestamp with time zone,
    provider text,
    direction text,
    scenario text,
    attempts bigint,
    answered bigint,
    duration_s bigint,
    users bigint,
    day_of_week integer,
    hour_of_day integer,
    day date,
    hour_local timestamp without time zone
);
COMMENT ON TABLE rollup.call_volume_hourly IS 'Rows of live.call_volume_hourly, computed anew where data has changed.';
COMMENT ON COLUMN rollup.call_volume_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.call_volume_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN rollup.call_volume_hourly.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN rollup.call_volume_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN rollup.call_volume_hourly.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN rollup.call_volume_hourly.attempts IS 'Calls, answered or not.';
COMMENT ON COLUMN rollup.call_volume_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN rollup.call_volume_hourly.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN rollup.call_volume_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN rollup.call_volume_hourly.day_of_week IS 'Day of the week in the report time zone, 1 (Monday) to 7.';
COMMENT ON COLUMN rollup.call_volume_hourly.hour_of_day IS 'Hour of the day in the report time zone, 0 to 23.';
COMMENT ON COLUMN rollup.call_volume_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.call_volume_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW analytics.call_volume_hourly AS
 SELECT x.tenant_id,
    x.hour,
    x.provider,
    x.direction,
    x.scenario,
    x.attempts,
    x.answered,
    x.duration_s,
    x.users,
    x.day_of_week,
    x.hour_of_day,
    x.day,
    x.hour_local,
    COALESCE((x.hour <= c.hour), false) AS is_final
   FROM (rollup.call_volume_hourly x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'call_volume_hourly'::text))));
COMMENT ON VIEW analytics.call_volume_hourly IS 'One row per hour, provider, direction and scenario with telephone calls, by attempt_at. Key: tenant_id, hour, provider, direction, scenario. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.call_volume_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.call_volume_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN analytics.call_volume_hourly.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN analytics.call_volume_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.call_volume_hourly.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN analytics.call_volume_hourly.attempts IS 'Calls, answered or not.';
COMMENT ON COLUMN analytics.call_volume_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN analytics.call_volume_hourly.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN analytics.call_volume_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN analytics.call_volume_hourly.day_of_week IS 'Day of the week in the report time zone, 1 (Monday) to 7.';
COMMENT ON COLUMN analytics.call_volume_hourly.hour_of_day IS 'Hour of the day in the report time zone, 0 to 23.';
COMMENT ON COLUMN analytics.call_volume_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.call_volume_hourly.hour_local IS 'The hour by the clock of the report time zone.';
COMMENT ON COLUMN analytics.call_volume_hourly.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ref.service_identities (
    tenant_id uuid,
    identity_id text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON TABLE ref.service_identities IS 'Identities that are services, though they look like people: left out where people are counted or listed.';
COMMENT ON COLUMN ref.service_identities.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.service_identities.identity_id IS 'Id of the identity (participants.identity_id).';

CREATE TABLE teams.call_participants (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    participant_index integer NOT NULL,
    participant_id text COLLATE pg_catalog."C",
    identity_kind text,
    identity_id text COLLATE pg_catalog."C",
    display_name text,
    principal_name text,
    identity_tenant_id uuid,
    user_id uuid,
    identity_endpoint_type text,
    administrative_unit_ids text[],
    unknown_fields jsonb
)
WITH (parallel_workers='0');
ALTER TABLE ONLY teams.call_participants ALTER COLUMN call_id SET (n_distinct=-0.25, n_distinct_inherited=-0.25);
COMMENT ON TABLE teams.call_participants IS 'One row per participant of a call, as served (Graph: participants_v2). Graph may leave some out who are in session_endpoints. Join call_id to call_records, user_id to teams.users.';
COMMENT ON COLUMN teams.call_participants.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_participants.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.call_participants.participant_index IS 'Place of the participant, from 0, in the order served.';
COMMENT ON COLUMN teams.call_participants.participant_id IS 'Id of the participant (Graph: id): a GUID in lower case, a number, or another id. Two participants can share it.';
COMMENT ON COLUMN teams.call_participants.identity_kind IS 'What the participant is, by the one member of its identity set (Graph: identity), such as user, phone, guest, acsUser, applicationInstance; null if there is none, or more than one.';
COMMENT ON COLUMN teams.call_participants.identity_id IS 'Id of the identity (Graph: id in identity). teamsvisitor:… is a guest without an account.';
COMMENT ON COLUMN teams.call_participants.display_name IS 'Display name (Graph: displayName in identity); null for guests.';
COMMENT ON COLUMN teams.call_participants.principal_name IS 'User principal name (Graph: userPrincipalName in identity); null unless a user.';
COMMENT ON COLUMN teams.call_participants.identity_tenant_id IS 'Entra tenant of the identity (Graph: tenantId in identity); null for phones and guests.';
COMMENT ON COLUMN teams.call_participants.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN teams.call_participants.identity_endpoint_type IS 'Type of endpoint of the identity (Graph: identity.endpointType), such as voicemail; null for most.';
COMMENT ON COLUMN teams.call_participants.administrative_unit_ids IS 'Administrative units of the user (Graph: administrativeUnitInfos, their id); null if none were served.';
COMMENT ON COLUMN teams.call_participants.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';

CREATE VIEW analytics.calls AS
 SELECT c.tenant_id,
    c.id AS call_id,
    c.call_kind,
    c.call_kind_source,
    c.start_at,
    c.end_at,
    (EXTRACT(epoch FROM (c.end_at - c.start_at)))::double precision AS duration_s,
    array_to_string(c.modalities, ','::text) AS modalities,
    c.organizer_identity_kind,
    c.organizer_identity_id,
    c.organizer_user_id,
    c.organizer_display_name,
    c.organizer_principal_name,
    (( SELECT count(DISTINCT COALESCE(p.identity_id, p.participant_id, (p.participant_index)::text)) AS count
           FROM teams.call_participants p
          WHERE ((p.tenant_id = c.tenant_id) AND (p.call_id = c.id) AND (NOT (EXISTS ( SELECT
                   FROM ref.service_identities i
                  WHERE ((i.identity_id = p.identity_id) AND ((i.tenant_id = p.tenant_id) OR (i.tenant_id IS NULL)))))))))::integer AS participant_count,
    c.session_count,
    c.version,
    COALESCE((c.last_modified_at < (now() - '04:00:00'::interval)), false) AS is_final
   FROM live.calls c;
COMMENT ON VIEW analytics.calls IS 'One row per call or meeting whose details are stored (teams.call_records). Key: tenant_id, call_id. Filter on: start_at. Personal data.';
COMMENT ON COLUMN analytics.calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.calls.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN analytics.calls.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.calls.call_kind_source IS 'How call_kind is known: Graph says it (api), or the details show it (inferred). One of: api, inferred.';
COMMENT ON COLUMN analytics.calls.start_at IS 'When the first user joined (Graph: startDateTime); null if not served.';
COMMENT ON COLUMN analytics.calls.end_at IS 'When the last user left (Graph: endDateTime); null if not served.';
COMMENT ON COLUMN analytics.calls.duration_s IS 'From start_at to end_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.calls.modalities IS 'What the call was made of (Graph: modalities), joined by commas, such as audio,video; null if not served.';
COMMENT ON COLUMN analytics.calls.organizer_identity_kind IS 'What the organizer is, such as user, phone, applicationInstance; null if none or more than one was served.';
COMMENT ON COLUMN analytics.calls.organizer_identity_id IS 'Id of the organizer''s identity (a user id, a number, another id); null if no organizer was served.';
COMMENT ON COLUMN analytics.calls.organizer_user_id IS 'Entra object id of the organizer; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.calls.organizer_display_name IS 'Display name of the organizer at the time of the call; null for guests and where not served.';
COMMENT ON COLUMN analytics.calls.organizer_principal_name IS 'User principal name of the organizer at the time of the call; null unless a user.';
COMMENT ON COLUMN analytics.calls.participant_count IS 'Different identities among the participants, without services (ref.service_identities).';
COMMENT ON COLUMN analytics.calls.session_count IS 'Sessions of the call: connections of two endpoints.';
COMMENT ON COLUMN analytics.calls.version IS 'Newest version of the record that Graph was seen to serve; it rises as late telemetry arrives.';
COMMENT ON COLUMN analytics.calls.is_final IS 'Whether Microsoft has left the record unchanged for 4 hours, after which changes are rare.';

CREATE TABLE teams.dialout_report (
    tenant_id uuid NOT NULL,
    window_from timestamp with time zone NOT NULL,
    window_to timestamp with time zone NOT NULL,
    report_key text NOT NULL COLLATE pg_catalog."C",
    user_id uuid,
    user_principal_name text,
    user_display_name text,
    usage_location text,
    destination_context text,
    currency text,
    total_calls integer,
    total_call_seconds integer,
    total_call_charge numeric,
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE teams.dialout_report IS 'One row per UTC day, meeting organizer and kind of destination: calls that audio conferences made, summed up by Graph''s getPstnOnlineMeetingDialoutReport (beta). Asked per UTC day; rows that Graph no longer names are deleted (ingest.tombstones).';
COMMENT ON COLUMN teams.dialout_report.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.dialout_report.window_from IS 'Start of the day summed up, included.';
COMMENT ON COLUMN teams.dialout_report.window_to IS 'End of the day summed up, excluded.';
COMMENT ON COLUMN teams.dialout_report.report_key IS 'Hash of userId, usageLocation, destinationContext and currency; Graph gives no id.';
COMMENT ON COLUMN teams.dialout_report.user_id IS 'Entra object id of the meeting organizer (Graph: userId; teams.users).';
COMMENT ON COLUMN teams.dialout_report.user_principal_name IS 'User principal name (Graph: userPrincipalName).';
COMMENT ON COLUMN teams.dialout_report.user_display_name IS 'Display name (Graph: userDisplayName).';
COMMENT ON COLUMN teams.dialout_report.usage_location IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageLocation).';
COMMENT ON COLUMN teams.dialout_report.destination_context IS 'Domestic or International (Graph: destinationContext).';
COMMENT ON COLUMN teams.dialout_report.currency IS 'ISO 4217 code of total_call_charge (Graph: currency).';
COMMENT ON COLUMN teams.dialout_report.total_calls IS 'Number of calls (Graph: totalCalls).';
COMMENT ON COLUMN teams.dialout_report.total_call_seconds IS 'Seconds of all calls (Graph: totalCallSeconds).';
COMMENT ON COLUMN teams.dialout_report.total_call_charge IS 'Sum of charges, in currency (Graph: totalCallCharge), with the scale served.';
COMMENT ON COLUMN teams.dialout_report.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.dialout_report.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.dialout_report.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.dialout_report.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.dialout_report.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.dialout_report.change_xid IS 'Transaction of the last change, for readers that follow changes.';

CREATE TABLE teams.sms_messages (
    tenant_id uuid NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    id_source text NOT NULL,
    sms_id text COLLATE pg_catalog."C",
    user_id uuid,
    user_principal_name text,
    user_display_name text,
    user_country_code text,
    tenant_country_code text,
    other_party_country_code text,
    source_number text,
    destination_number text,
    sent_at timestamp with time zone,
    call_charge numeric,
    currency text,
    sms_type text,
    destination_context text,
    destination_name text,
    license_capability text,
    sms_units integer,
    administrative_unit_ids text[],
    unknown_fields jsonb,
    ingested_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    row_hash bigint NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE teams.sms_messages IS 'One row per SMS message, as Graph''s getSmsLog serves it. Join user_id to teams.users. Rows may change for some days (settle).';
COMMENT ON COLUMN teams.sms_messages.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.sms_messages.id IS 'Unique id of the row (Graph beta: id), a GUID in lower case; where Graph served none, a hash of sms_id, sent_at, source_number, destination_number and sms_type.';
COMMENT ON COLUMN teams.sms_messages.id_source IS 'Where id is from: graph, or hash if Graph served none.';
COMMENT ON COLUMN teams.sms_messages.sms_id IS 'Id of the message (Graph beta: smsId). Not unique.';
COMMENT ON COLUMN teams.sms_messages.user_id IS 'Entra object id of the user (Graph beta: userId; teams.users); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_principal_name IS 'User principal name (Graph beta: userPrincipalName); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_display_name IS 'Display name (Graph beta: userDisplayName); null for bots.';
COMMENT ON COLUMN teams.sms_messages.user_country_code IS 'ISO 3166-1 alpha-2 country of the user (Graph beta: userCountryCode).';
COMMENT ON COLUMN teams.sms_messages.tenant_country_code IS 'ISO 3166-1 alpha-2 country of the tenant (Graph beta: tenantCountryCode).';
COMMENT ON COLUMN teams.sms_messages.other_party_country_code IS 'ISO 3166-1 alpha-2 country of the other party: the sender of inbound messages, the recipient of outbound ones (Graph beta: otherPartyCountryCode).';
COMMENT ON COLUMN teams.sms_messages.source_number IS 'Number the message was sent from (Graph beta: sourceNumber). May be masked with *.';
COMMENT ON COLUMN teams.sms_messages.destination_number IS 'Number the message was sent to (Graph beta: destinationNumber). May be masked with *.';
COMMENT ON COLUMN teams.sms_messages.sent_at IS 'When the message was sent (Graph beta: sentDateTime), cut to the microsecond. May lie outside the time window that Graph served it in.';
COMMENT ON COLUMN teams.sms_messages.call_charge IS 'Cost of the message, in currency (Graph beta: callCharge), with the scale served.';
COMMENT ON COLUMN teams.sms_messages.currency IS 'ISO 4217 code of call_charge (Graph beta: currency).';
COMMENT ON COLUMN teams.sms_messages.sms_type IS 'Kind of message (Graph beta: smsType), such as sms_in. An open list.';
COMMENT ON COLUMN teams.sms_messages.destination_context IS 'Domestic or International (Graph beta: destinationContext).';
COMMENT ON COLUMN teams.sms_messages.destination_name IS 'Country or region sent to, in English (Graph beta: destinationName).';
COMMENT ON COLUMN teams.sms_messages.license_capability IS 'Licence the message was charged to (Graph beta: licenseCapability), such as MCOSMS1.';
COMMENT ON COLUMN teams.sms_messages.sms_units IS 'Number of SMS units the message took (Graph beta: smsUnits).';
COMMENT ON COLUMN teams.sms_messages.administrative_unit_ids IS 'Administrative units of the user (Graph beta: administrativeUnitInfos, their id).';
COMMENT ON COLUMN teams.sms_messages.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN teams.sms_messages.ingested_at IS 'When the row was first inserted, by the database''s clock.';
COMMENT ON COLUMN teams.sms_messages.updated_at IS 'Graph''s time of the page that the present content came from.';
COMMENT ON COLUMN teams.sms_messages.run_id IS 'The run that wrote the present content (ingest.runs).';
COMMENT ON COLUMN teams.sms_messages.row_hash IS 'Hash of the content as served; tells changed from unchanged.';
COMMENT ON COLUMN teams.sms_messages.change_xid IS 'Transaction of the last change, for readers that follow changes.';

CREATE VIEW analytics.change_feed AS
 SELECT changes.tenant_id,
    changes.table_name,
    changes.key,
    changes.op,
    changes.change_xid,
    (changes.change_xid)::text AS change_xid_text,
    changes.updated_at,
    ( SELECT ingest.feed_epoch() AS feed_epoch) AS epoch
   FROM ( SELECT call_records.tenant_id,
            ('call_records'::text COLLATE "C") AS table_name,
            jsonb_build_object('tenant_id', call_records.tenant_id, 'id', call_records.id) AS key,
            'upsert'::text AS op,
            call_records.change_xid,
            call_records.updated_at,
            (call_records.details_version IS NOT NULL) AS is_whole
           FROM teams.call_records
        UNION ALL
         SELECT pstn_calls.tenant_id,
            ('pstn_calls'::text COLLATE "C") AS text,
            jsonb_build_object('tenant_id', pstn_calls.tenant_id, 'id', pstn_calls.id) AS jsonb_build_object,
            'upsert'::text,
            pstn_calls.change_xid,
            pstn_calls.updated_at,
            true
           FROM teams.pstn_calls
        UNION ALL
         SELECT direct_routing_calls.tenant_id,
            ('direct_routing_calls'::text COLLATE "C") AS text,
            jsonb_build_object('tenant_id', direct_routing_calls.tenant_id, 'id', direct_routing_calls.id) AS jsonb_build_object,
            'upsert'::text,
            direct_routing_calls.change_xid,
            direct_routing_calls.updated_at,
            true
           FROM teams.direct_routing_calls
        UNION ALL
         SELECT sms_messages.tenant_id,
            ('sms_messages'::text COLLATE "C") AS text,
            jsonb_build_object('tenant_id', sms_messages.tenant_id, 'id', sms_messages.id) AS jsonb_build_object,
            'upsert'::text,
            sms_messages.change_xid,
            sms_messages.updated_at,
            true
           FROM teams.sms_messages
        UNION ALL
         SELECT pstn_blocked_users_log.tenant_id,
            ('pstn_blocked_users_log'::text COLLATE "C") AS text,
            jsonb_build_object('tenant_id', pstn_blocked_users_log.tenant_id, 'event_key', pstn_blocked_users_log.event_key) AS jsonb_build_object,
            'upsert'::text,
            pstn_blocked_users_log.change_xid,
            pstn_blocked_users_log.updated_at,
            true
           FROM teams.pstn_blocked_users_log
        UNION ALL
         SELECT dialout_report.tenant_id,
            ('dialout_report'::text COLLATE "C") AS text,
            jsonb_build_object('tenant_id', dialout_report.tenant_id, 'window_from', to_char((dialout_report.window_from AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'::text), 'window_to', to_char((dialout_report.window_to AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'::text), 'report_key', dialout_report.report_key) AS jsonb_build_object,
            'upsert'::text,
            dialout_report.change_xid,
            dialout_report.updated_at,
            true
           FROM teams.dialout_report
        UNION ALL
         SELECT tombstones.tenant_id,
            tombstones.table_name,
            tombstones.key,
            tombstones.op,
            tombstones.change_xid,
            tombstones.deleted_at,
            true
           FROM ingest.tombstones) changes
  WHERE (changes.is_whole AND (changes.change_xid < ( SELECT ingest.feed_horizon() AS feed_horizon)));
COMMENT ON VIEW analytics.change_feed IS 'Which rows of the six endpoint tables changed or went, each once, by its last change. A reader keeps the last row''s change_xid, table_name and key as its mark and asks for what comes after, in this order. Key: change_xid, table_name, key. Filter on: change_xid. Personal data.';
COMMENT ON COLUMN analytics.change_feed.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.change_feed.table_name IS 'Table in schema teams. Of a call record it is call_records, for all its details.';
COMMENT ON COLUMN analytics.change_feed.key IS 'Key columns of the row with their values, tenant_id among them. Times are text in UTC.';
COMMENT ON COLUMN analytics.change_feed.op IS 'What became of the row. upsert: it was inserted or changed, and is there. delete: Graph no longer names it. expire: it was kept here as long as wanted; a copy that keeps history keeps it. One of: upsert, delete, expire.';
COMMENT ON COLUMN analytics.change_feed.change_xid IS 'Transaction of the change. All that one transaction changed has the same.';
COMMENT ON COLUMN analytics.change_feed.change_xid_text IS 'change_xid as text, for tools that do not know its type. As text it does not sort by number.';
COMMENT ON COLUMN analytics.change_feed.updated_at IS 'When Graph served the present content; of a row that went, when it was deleted, by the database''s clock.';
COMMENT ON COLUMN analytics.change_feed.epoch IS 'What transaction numbers count in. Where it is another than that of the mark, all is to be read again; null on a standby without membership in pg_read_all_stats, or while it receives no log.';

CREATE TABLE rollup.client_quality_daily (
    tenant_id uuid,
    day date,
    platform text,
    product_family text,
    application_version text,
    users bigint,
    sessions bigint,
    streams bigint,
    poor_pct numeric,
    setup_failure_pct numeric
);
COMMENT ON TABLE rollup.client_quality_daily IS 'Rows of live.client_quality_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.client_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.client_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.client_quality_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN rollup.client_quality_daily.product_family IS 'Product (Graph: productFamily), such as teams, skypeForBusiness; null if not served.';
COMMENT ON COLUMN rollup.client_quality_daily.application_version IS 'Version of the client (Graph: applicationVersion); null if not served.';
COMMENT ON COLUMN rollup.client_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN rollup.client_quality_daily.sessions IS 'Sessions, counted for each side that is a person''s.';
COMMENT ON COLUMN rollup.client_quality_daily.streams IS 'Streams, counted for each side that is a person''s.';
COMMENT ON COLUMN rollup.client_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN rollup.client_quality_daily.setup_failure_pct IS 'Sessions whose setup failed, in percent of sessions, 0 to 100; null without a session.';

CREATE VIEW analytics.client_quality_daily AS
 SELECT x.tenant_id,
    x.day,
    x.platform,
    x.product_family,
    x.application_version,
    x.users,
    x.sessions,
    x.streams,
    x.poor_pct,
    x.setup_failure_pct,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.client_quality_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'client_quality_daily'::text))));
COMMENT ON VIEW analytics.client_quality_daily IS 'One row per day, platform, product and version of the clients of people. Key: tenant_id, day, platform, product_family, application_version. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.client_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.client_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.client_quality_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.client_quality_daily.product_family IS 'Product (Graph: productFamily), such as teams, skypeForBusiness; null if not served.';
COMMENT ON COLUMN analytics.client_quality_daily.application_version IS 'Version of the client (Graph: applicationVersion); null if not served.';
COMMENT ON COLUMN analytics.client_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN analytics.client_quality_daily.sessions IS 'Sessions, counted for each side that is a person''s.';
COMMENT ON COLUMN analytics.client_quality_daily.streams IS 'Streams, counted for each side that is a person''s.';
COMMENT ON COLUMN analytics.client_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN analytics.client_quality_daily.setup_failure_pct IS 'Sessions whose setup failed, in percent of sessions, 0 to 100; null without a session.';
COMMENT ON COLUMN analytics.client_quality_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.concurrent_calls_hourly (
    tenant_id uuid,
    hour timestamp with time zone,
    scope_type text,
    scope text,
    peak integer,
    erlangs numeric,
    channels_for_1pct_blocking integer,
    is_busy_hour boolean,
    day date,
    hour_local timestamp without time zone
);
COMMENT ON TABLE rollup.concurrent_calls_hourly IS 'Rows of live.concurrent_calls_hourly, computed anew where data has changed.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.scope_type IS 'What is counted together. One of: trunk, provider, all.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.scope IS 'The trunk or provider; all for scope_type all.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.peak IS 'Most calls at one instant of the hour.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.erlangs IS 'Mean number of calls: seconds occupied in the hour / 3600.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.channels_for_1pct_blocking IS 'Channels with which 1 % of calls find none free (analytics.erlang_channels).';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.is_busy_hour IS 'Whether the scope had its most erlangs of the day in this hour; of equal ones all.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.concurrent_calls_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW analytics.concurrent_calls_hourly AS
 SELECT x.tenant_id,
    x.hour,
    x.scope_type,
    x.scope,
    x.peak,
    x.erlangs,
    x.channels_for_1pct_blocking,
    x.is_busy_hour,
    x.day,
    x.hour_local,
    COALESCE((x.hour <= c.hour), false) AS is_final
   FROM (rollup.concurrent_calls_hourly x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'concurrent_calls_hourly'::text))));
COMMENT ON VIEW analytics.concurrent_calls_hourly IS 'One row per hour and scope with answered calls: how many at once. Calls without length are left out, of longer than 24 hours the first 24 count; an hour without a call has no row. Key: tenant_id, hour, scope_type, scope. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.scope_type IS 'What is counted together. One of: trunk, provider, all.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.scope IS 'The trunk or provider; all for scope_type all.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.peak IS 'Most calls at one instant of the hour.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.erlangs IS 'Mean number of calls: seconds occupied in the hour / 3600.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.channels_for_1pct_blocking IS 'Channels with which 1 % of calls find none free (analytics.erlang_channels).';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.is_busy_hour IS 'Whether the scope had its most erlangs of the day in this hour; of equal ones all.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.hour_local IS 'The hour by the clock of the report time zone.';
COMMENT ON COLUMN analytics.concurrent_calls_hourly.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ref.days (
    day date NOT NULL,
    from_at timestamp with time zone NOT NULL,
    to_at timestamp with time zone NOT NULL,
    week date NOT NULL,
    month date NOT NULL,
    day_of_week integer NOT NULL
);
COMMENT ON TABLE ref.days IS 'Days of the report time zone, from the first row to tomorrow. Made by the daemon; edits do not last.';
COMMENT ON COLUMN ref.days.day IS 'The day.';
COMMENT ON COLUMN ref.days.from_at IS 'Instant at which it begins.';
COMMENT ON COLUMN ref.days.to_at IS 'Instant at which it ends, 23 to 25 hours later.';
COMMENT ON COLUMN ref.days.week IS 'Monday of its week.';
COMMENT ON COLUMN ref.days.month IS 'First day of its month.';
COMMENT ON COLUMN ref.days.day_of_week IS 'Day of the week, 1 (Monday) to 7.';

CREATE VIEW analytics.days AS
 SELECT (d.d)::date AS day,
    (date_trunc('week'::text, d.d))::date AS week,
    (date_trunc('month'::text, d.d))::date AS month,
    (date_trunc('quarter'::text, d.d))::date AS quarter,
    (EXTRACT(year FROM d.d))::integer AS year,
    (EXTRACT(isodow FROM d.d))::integer AS day_of_week,
    (EXTRACT(isodow FROM d.d) > (5)::numeric) AS is_weekend,
    ref.midnight(d.d, s.report_timezone) AS from_at,
    ref.midnight((d.d + '1 day'::interval), s.report_timezone) AS to_at
   FROM ((ref.settings s
     CROSS JOIN ( SELECT (min(days.day))::timestamp without time zone AS first,
            (max(days.day))::timestamp without time zone AS last
           FROM ref.days) span)
     CROSS JOIN LATERAL generate_series(date_trunc('year'::text, span.first), (date_trunc('year'::text, span.last) + '1 year -1 days'::interval), '1 day'::interval) d(d));
COMMENT ON VIEW analytics.days IS 'One row per day of the report time zone, in whole years: a date table. Key: day. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.days.day IS 'The day.';
COMMENT ON COLUMN analytics.days.week IS 'Monday of its week.';
COMMENT ON COLUMN analytics.days.month IS 'First day of its month.';
COMMENT ON COLUMN analytics.days.quarter IS 'First day of its quarter.';
COMMENT ON COLUMN analytics.days.year IS 'Its year, such as 2026.';
COMMENT ON COLUMN analytics.days.day_of_week IS 'Day of the week in the report time zone, 1 (Monday) to 7.';
COMMENT ON COLUMN analytics.days.is_weekend IS 'Whether it is a Saturday or Sunday.';
COMMENT ON COLUMN analytics.days.from_at IS 'Instant at which it begins in the report time zone.';
COMMENT ON COLUMN analytics.days.to_at IS 'Instant at which it ends, 23 to 25 hours later.';

CREATE TABLE rollup.device_quality_daily (
    tenant_id uuid,
    day date,
    role text,
    device text,
    driver text,
    streams bigint,
    users bigint,
    poor_pct numeric,
    capture_not_functioning_event_ratio double precision,
    cpu_insufficent_event_ratio double precision,
    device_clipping_event_ratio double precision,
    device_glitch_event_ratio double precision,
    low_speech_level_event_ratio double precision,
    low_speech_to_noise_event_ratio double precision,
    render_mute_event_ratio double precision,
    render_not_functioning_event_ratio double precision,
    render_zero_volume_event_ratio double precision,
    mic_glitch_rate double precision,
    howling_events bigint,
    speaker_glitch_rate double precision
);
COMMENT ON TABLE rollup.device_quality_daily IS 'Rows of live.device_quality_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.device_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.device_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.device_quality_daily.role IS 'What the device was used for. One of: capture, render.';
COMMENT ON COLUMN rollup.device_quality_daily.device IS 'Name of the device as its driver says it.';
COMMENT ON COLUMN rollup.device_quality_daily.driver IS 'Name and version of the driver; null if not served.';
COMMENT ON COLUMN rollup.device_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN rollup.device_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN rollup.device_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN rollup.device_quality_daily.capture_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the capture device not working; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.cpu_insufficent_event_ratio IS 'Mean share of the call, 0 to 1, with too little processor time; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.device_clipping_event_ratio IS 'Mean share of the call, 0 to 1, with a clipped signal; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.device_glitch_event_ratio IS 'Mean share of the call, 0 to 1, with glitches of the device; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.low_speech_level_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.low_speech_to_noise_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low for the noise; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.render_mute_event_ratio IS 'Mean share of the call, 0 to 1, with the loudspeaker muted; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.render_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the render device not working; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.render_zero_volume_event_ratio IS 'Mean share of the call, 0 to 1, with the volume at zero; null if not measured.';
COMMENT ON COLUMN rollup.device_quality_daily.mic_glitch_rate IS 'Mean glitches of the microphone per 5 minutes; null if not served and for role render.';
COMMENT ON COLUMN rollup.device_quality_daily.howling_events IS 'Times that feedback was heard (Graph: howlingEventCount); null if not served and for role render.';
COMMENT ON COLUMN rollup.device_quality_daily.speaker_glitch_rate IS 'Mean glitches of the loudspeaker per 5 minutes; null if not served and for role capture.';

CREATE VIEW analytics.device_quality_daily AS
 SELECT x.tenant_id,
    x.day,
    x.role,
    x.device,
    x.driver,
    x.streams,
    x.users,
    x.poor_pct,
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
    x.speaker_glitch_rate,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.device_quality_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'device_quality_daily'::text))));
COMMENT ON VIEW analytics.device_quality_daily IS 'One row per day, device, driver and role, audio only: as capture device for the streams its side sends, as render device for those it receives. Key: tenant_id, day, role, device, driver. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.device_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.device_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.device_quality_daily.role IS 'What the device was used for. One of: capture, render.';
COMMENT ON COLUMN analytics.device_quality_daily.device IS 'Name of the device as its driver says it.';
COMMENT ON COLUMN analytics.device_quality_daily.driver IS 'Name and version of the driver; null if not served.';
COMMENT ON COLUMN analytics.device_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN analytics.device_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN analytics.device_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN analytics.device_quality_daily.capture_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the capture device not working; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.cpu_insufficent_event_ratio IS 'Mean share of the call, 0 to 1, with too little processor time; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.device_clipping_event_ratio IS 'Mean share of the call, 0 to 1, with a clipped signal; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.device_glitch_event_ratio IS 'Mean share of the call, 0 to 1, with glitches of the device; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.low_speech_level_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.low_speech_to_noise_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low for the noise; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_mute_event_ratio IS 'Mean share of the call, 0 to 1, with the loudspeaker muted; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the render device not working; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.render_zero_volume_event_ratio IS 'Mean share of the call, 0 to 1, with the volume at zero; null if not measured.';
COMMENT ON COLUMN analytics.device_quality_daily.mic_glitch_rate IS 'Mean glitches of the microphone per 5 minutes; null if not served and for role render.';
COMMENT ON COLUMN analytics.device_quality_daily.howling_events IS 'Times that feedback was heard (Graph: howlingEventCount); null if not served and for role render.';
COMMENT ON COLUMN analytics.device_quality_daily.speaker_glitch_rate IS 'Mean glitches of the loudspeaker per 5 minutes; null if not served and for role capture.';
COMMENT ON COLUMN analytics.device_quality_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE VIEW analytics.dialout_cost AS
 SELECT r.tenant_id,
    ((r.window_from AT TIME ZONE 'UTC'::text))::date AS day,
    r.user_id,
    r.usage_location,
    r.destination_context,
    r.currency,
    r.total_calls AS calls,
    r.total_call_seconds AS seconds,
    r.total_call_charge AS charge,
    round((r.total_call_charge / (NULLIF(r.total_calls, 0))::numeric), 4) AS cost_per_call,
    round((r.total_call_charge / NULLIF(((r.total_call_seconds)::numeric / 60.0), (0)::numeric)), 4) AS cost_per_minute,
    COALESCE((r.window_to <= e.watermark), false) AS is_final
   FROM (teams.dialout_report r
     LEFT JOIN ingest.endpoints e ON (((e.tenant_id = r.tenant_id) AND (e.endpoint = 'dialout_report'::text) AND e.enabled)));
COMMENT ON VIEW analytics.dialout_cost IS 'One row per UTC day, user, location, context and currency of Microsoft''s dial-out report. The user is the organizer of the meeting. Key: tenant_id, day, user_id, usage_location, destination_context, currency. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.dialout_cost.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.dialout_cost.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN analytics.dialout_cost.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.dialout_cost.usage_location IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.calls IS 'Calls out of meetings; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.seconds IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.charge IS 'Cost, in currency; null if not served.';
COMMENT ON COLUMN analytics.dialout_cost.cost_per_call IS 'charge / calls, in currency; null without a call or charge.';
COMMENT ON COLUMN analytics.dialout_cost.cost_per_minute IS 'charge / minutes, in currency; null without a second or charge.';
COMMENT ON COLUMN analytics.dialout_cost.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.dialout_reconciliation (
    tenant_id uuid,
    day date,
    usage_location text,
    destination_context text,
    currency text,
    report_calls bigint,
    report_seconds bigint,
    report_charge numeric,
    log_calls bigint,
    log_seconds bigint,
    log_charge numeric,
    diff_calls bigint,
    diff_cost numeric
);
COMMENT ON TABLE rollup.dialout_reconciliation IS 'Rows of live.dialout_reconciliation, computed anew where data has changed.';
COMMENT ON COLUMN rollup.dialout_reconciliation.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.dialout_reconciliation.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN rollup.dialout_reconciliation.usage_location IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN rollup.dialout_reconciliation.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN rollup.dialout_reconciliation.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN rollup.dialout_reconciliation.report_calls IS 'Calls by the report; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.report_seconds IS 'Time connected by the report, in seconds; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.report_charge IS 'Cost by the report, in currency; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.log_calls IS 'Calls by the log; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.log_seconds IS 'Time connected by the log, in seconds; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.log_charge IS 'Charges and connection charges by the log, in currency; null if it has none.';
COMMENT ON COLUMN rollup.dialout_reconciliation.diff_calls IS 'report_calls less log_calls.';
COMMENT ON COLUMN rollup.dialout_reconciliation.diff_cost IS 'report_charge less log_charge, in currency.';

CREATE VIEW analytics.dialout_reconciliation AS
 SELECT x.tenant_id,
    x.day,
    x.usage_location,
    x.destination_context,
    x.currency,
    x.report_calls,
    x.report_seconds,
    x.report_charge,
    x.log_calls,
    x.log_seconds,
    x.log_charge,
    x.diff_calls,
    x.diff_cost,
    COALESCE(((((x.day + 1))::timestamp without time zone AT TIME ZONE 'UTC'::text) <= c.complete_through), false) AS is_final
   FROM (rollup.dialout_reconciliation x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'dialout_reconciliation'::text))));
COMMENT ON VIEW analytics.dialout_reconciliation IS 'One row per UTC day, location, context and currency: the dial-out report beside the conference calls (conf_out) of the PSTN log. Not by user, as the log names who dialed and the report the organizer. Key: tenant_id, day, usage_location, destination_context, currency. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.dialout_reconciliation.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.dialout_reconciliation.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN analytics.dialout_reconciliation.usage_location IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.dialout_reconciliation.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.dialout_reconciliation.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_calls IS 'Calls by the report; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_seconds IS 'Time connected by the report, in seconds; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.report_charge IS 'Cost by the report, in currency; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_calls IS 'Calls by the log; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_seconds IS 'Time connected by the log, in seconds; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.log_charge IS 'Charges and connection charges by the log, in currency; null if it has none.';
COMMENT ON COLUMN analytics.dialout_reconciliation.diff_calls IS 'report_calls less log_calls.';
COMMENT ON COLUMN analytics.dialout_reconciliation.diff_cost IS 'report_charge less log_charge, in currency.';
COMMENT ON COLUMN analytics.dialout_reconciliation.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ref.ms_subcodes (
    sip_code integer NOT NULL,
    sub_reason bigint NOT NULL,
    meaning text NOT NULL,
    action text
);
COMMENT ON TABLE ref.ms_subcodes IS 'What a pair of SIP code and Microsoft''s subcode means, and what to do.';
COMMENT ON COLUMN ref.ms_subcodes.sip_code IS 'Final SIP code.';
COMMENT ON COLUMN ref.ms_subcodes.sub_reason IS 'Microsoft''s subcode (Graph: callEndSubReason).';
COMMENT ON COLUMN ref.ms_subcodes.meaning IS 'What went wrong.';
COMMENT ON COLUMN ref.ms_subcodes.action IS 'What to do; null if nothing.';

CREATE TABLE rollup.direct_routing_failures_hourly (
    tenant_id uuid,
    hour timestamp with time zone,
    trunk_fqdn text,
    direction text,
    sip_code integer,
    ms_subcode bigint,
    calls bigint,
    users bigint,
    phrase text,
    outcome text,
    blame text,
    day date,
    hour_local timestamp without time zone
);
COMMENT ON TABLE rollup.direct_routing_failures_hourly IS 'Rows of live.direct_routing_failures_hourly, computed anew where data has changed.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.calls IS 'Failed calls.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.outcome IS 'What the codes mean (ref.sip_outcomes). One of: user_busy, ring_no_answer, terminal_reject, bad_number, network_failure.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.blame IS 'Who sent the code: the SBC if the subcode begins with 560, else Microsoft. One of: sbc, microsoft; null without a subcode.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.direct_routing_failures_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW analytics.direct_routing_failures_hourly AS
 SELECT x.tenant_id,
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
    COALESCE((x.hour <= c.hour), false) AS is_final
   FROM ((rollup.direct_routing_failures_hourly x
     LEFT JOIN ref.ms_subcodes m ON (((m.sip_code = x.sip_code) AND (m.sub_reason = x.ms_subcode))))
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'direct_routing_failures_hourly'::text))));
COMMENT ON VIEW analytics.direct_routing_failures_hourly IS 'One row per hour, trunk, direction and pair of codes of failed calls of Direct Routing. Key: tenant_id, hour, trunk_fqdn, direction, sip_code, ms_subcode. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.calls IS 'Failed calls.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.outcome IS 'What the codes mean (ref.sip_outcomes). One of: user_busy, ring_no_answer, terminal_reject, bad_number, network_failure.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.blame IS 'Who sent the code: the SBC if the subcode begins with 560, else Microsoft. One of: sbc, microsoft; null without a subcode.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.meaning IS 'What went wrong (ref.ms_subcodes); null if the codes are not listed.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.action IS 'What to do about it (ref.ms_subcodes); null if the codes are not listed.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.hour_local IS 'The hour by the clock of the report time zone.';
COMMENT ON COLUMN analytics.direct_routing_failures_hourly.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.direct_routing_health_hourly (
    tenant_id uuid,
    hour timestamp with time zone,
    trunk_fqdn text,
    direction text,
    attempts bigint,
    answered bigint,
    asr_pct numeric,
    busy bigint,
    no_answer bigint,
    rejected bigint,
    bad_number bigint,
    network_failures bigint,
    delivered bigint,
    ner_pct numeric,
    avg_duration_s numeric,
    short_calls_under_5s bigint,
    short_calls_under_60s bigint,
    answer_delay_p50_s double precision,
    answer_delay_p95_s double precision,
    is_low_sample boolean,
    day date,
    hour_local timestamp without time zone
);
COMMENT ON TABLE rollup.direct_routing_health_hourly IS 'Rows of live.direct_routing_health_hourly, computed anew where data has changed.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.attempts IS 'Calls, also those of which Graph does not say whether they were answered.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.asr_pct IS 'Answer-seizure ratio: answered in percent of attempts, 0 to 100.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.busy IS 'Calls with outcome user_busy.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.no_answer IS 'Calls with outcome ring_no_answer.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.rejected IS 'Calls with outcome terminal_reject.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.bad_number IS 'Calls with outcome bad_number.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.network_failures IS 'Calls with outcome network_failure.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.delivered IS 'Calls that the network delivered: answered, busy, no_answer and rejected together.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.ner_pct IS 'Network effectiveness ratio: delivered in percent of attempts, 0 to 100. Microsoft''s table of codes is not public, so its portal may differ.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.avg_duration_s IS 'Mean duration of answered calls, in seconds; null if none was answered.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.short_calls_under_5s IS 'Answered calls shorter than 5 seconds.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.short_calls_under_60s IS 'Answered calls shorter than 60 seconds.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.answer_delay_p50_s IS 'Median of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.answer_delay_p95_s IS '95th percentile of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.is_low_sample IS 'Whether there were fewer than 100 attempts, too few for a ratio to mean much.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.direct_routing_health_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW analytics.direct_routing_health_hourly AS
 SELECT x.tenant_id,
    x.hour,
    x.trunk_fqdn,
    x.direction,
    x.attempts,
    x.answered,
    x.asr_pct,
    x.busy,
    x.no_answer,
    x.rejected,
    x.bad_number,
    x.network_failures,
    x.delivered,
    x.ner_pct,
    x.avg_duration_s,
    x.short_calls_under_5s,
    x.short_calls_under_60s,
    x.answer_delay_p50_s,
    x.answer_delay_p95_s,
    x.is_low_sample,
    x.day,
    x.hour_local,
    COALESCE((x.hour <= c.hour), false) AS is_final
   FROM (rollup.direct_routing_health_hourly x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'direct_routing_health_hourly'::text))));
COMMENT ON VIEW analytics.direct_routing_health_hourly IS 'One row per hour, trunk and direction with calls of Direct Routing, by attempt_at. Key: tenant_id, hour, trunk_fqdn, direction. Filter on: hour. No personal data.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.attempts IS 'Calls, also those of which Graph does not say whether they were answered.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.asr_pct IS 'Answer-seizure ratio: answered in percent of attempts, 0 to 100.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.busy IS 'Calls with outcome user_busy.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.no_answer IS 'Calls with outcome ring_no_answer.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.rejected IS 'Calls with outcome terminal_reject.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.bad_number IS 'Calls with outcome bad_number.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.network_failures IS 'Calls with outcome network_failure.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.delivered IS 'Calls that the network delivered: answered, busy, no_answer and rejected together.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.ner_pct IS 'Network effectiveness ratio: delivered in percent of attempts, 0 to 100. Microsoft''s table of codes is not public, so its portal may differ.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.avg_duration_s IS 'Mean duration of answered calls, in seconds; null if none was answered.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.short_calls_under_5s IS 'Answered calls shorter than 5 seconds.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.short_calls_under_60s IS 'Answered calls shorter than 60 seconds.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.answer_delay_p50_s IS 'Median of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.answer_delay_p95_s IS '95th percentile of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.is_low_sample IS 'Whether there were fewer than 100 attempts, too few for a ratio to mean much.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.hour_local IS 'The hour by the clock of the report time zone.';
COMMENT ON COLUMN analytics.direct_routing_health_hourly.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE VIEW analytics.telephony_calls AS
 SELECT t.tenant_id,
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
        CASE
            WHEN t.answered THEN t.start_at
            ELSE NULL::timestamp with time zone
        END AS answered_at,
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
    (strpos(t.external_number, '*'::text) > 0) AS is_number_masked,
    t.is_international,
    t.destination_context,
    t.destination_name,
    t.charge,
    t.connection_charge,
        CASE
            WHEN (num_nonnulls(t.charge, t.connection_charge) > 0) THEN (COALESCE(t.charge, (0)::numeric) + COALESCE(t.connection_charge, (0)::numeric))
            ELSE NULL::numeric
        END AS total_cost,
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
    array_to_string(t.administrative_unit_ids, ','::text) AS administrative_unit_ids
   FROM live.telephony t;
COMMENT ON VIEW analytics.telephony_calls IS 'One row per row of both phone logs, PSTN and Direct Routing, in the same columns. Key: tenant_id, source, source_row_id. Filter on: attempt_at. Personal data.';
COMMENT ON COLUMN analytics.telephony_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.telephony_calls.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN analytics.telephony_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls.';
COMMENT ON COLUMN analytics.telephony_calls.call_id IS 'Id of the call: of Direct Routing the correlation id, with or without a call record; of PSTN the call record it was matched with; null if none was.';
COMMENT ON COLUMN analytics.telephony_calls.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN analytics.telephony_calls.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.telephony_calls.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN analytics.telephony_calls.call_type IS 'Type of the call as served (Graph: callType); null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.telephony_calls.user_principal_name IS 'User principal name at that time; null for bots.';
COMMENT ON COLUMN analytics.telephony_calls.user_display_name IS 'Display name at that time; null for bots.';
COMMENT ON COLUMN analytics.telephony_calls.attempt_at IS 'When the call was tried: of Direct Routing the INVITE, else the start; of PSTN the start; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.answered_at IS 'When it was answered; null if it was not.';
COMMENT ON COLUMN analytics.telephony_calls.ended_at IS 'End, or of failed calls of Direct Routing the failure; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.duration_s IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.answered IS 'Whether it was answered: of Direct Routing as Graph says (successfulCall), of PSTN by duration_s above 0; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.outcome IS 'How it ended: of PSTN answered or not_answered, of Direct Routing by its SIP code (ref.sip_outcomes). One of: answered, not_answered, user_busy, ring_no_answer, terminal_reject, bad_number, network_failure; null if not served whether it was answered.';
COMMENT ON COLUMN analytics.telephony_calls.caller_number IS 'Number of the caller, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.callee_number IS 'Number called, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.own_number IS 'Our side: the caller of outbound calls, else the callee; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.external_number IS 'The other side: the callee of outbound calls, else the caller; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.external_prefix IS 'Country or area code that external_number begins with: the longest in ref.calling_codes; null if none fits or it is written without its country.';
COMMENT ON COLUMN analytics.telephony_calls.external_country IS 'ISO 3166-1 alpha-2 country of the other side, as Graph says it, else by external_prefix; null if not known.';
COMMENT ON COLUMN analytics.telephony_calls.is_number_masked IS 'Whether external_number is masked with *; null if it was not served.';
COMMENT ON COLUMN analytics.telephony_calls.is_international IS 'Whether it crossed a border: by destination_context, else by the countries of both sides; null if not known.';
COMMENT ON COLUMN analytics.telephony_calls.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.charge IS 'Cost without the connection charge, in currency (Graph: charge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN analytics.telephony_calls.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.operator IS 'Microsoft, or the operator of Operator Connect (Graph: operator); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.call_duration_source IS 'Who measured the duration (Graph: callDurationSource), such as microsoft, operator; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.telephony_calls.trunk_fqdn IS 'SBC the call went over (Graph: trunkFullyQualifiedDomainName); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.sip_phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.answer_delay_s IS 'From the INVITE to the answer of an outbound call of Direct Routing, in seconds; null for all others, whose start is no answer.';
COMMENT ON COLUMN analytics.telephony_calls.setup_fail_s IS 'From the INVITE to the failure of a call of Direct Routing, in seconds; null for all others.';
COMMENT ON COLUMN analytics.telephony_calls.correlation_id IS 'Correlation id of Direct Routing (Graph: correlationId), shared by the legs of a call; null if not served and for PSTN.';
COMMENT ON COLUMN analytics.telephony_calls.conference_id IS 'Id that the PSTN rows of one audio conference share (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN analytics.telephony_calls.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.telephony_calls.administrative_unit_ids IS 'Administrative units of the user, joined by commas (Graph beta); null if not served.';

CREATE VIEW analytics.emergency_calls AS
 SELECT t.tenant_id,
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
    t.answered_at,
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
    t.is_number_masked,
    t.is_international,
    t.destination_context,
    t.destination_name,
    t.charge,
    t.connection_charge,
    t.total_cost,
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
    t.administrative_unit_ids
   FROM analytics.telephony_calls t
  WHERE (t.scenario = 'emergency'::text);
COMMENT ON VIEW analytics.emergency_calls IS 'The rows of telephony_calls that called for help (scenario emergency). Key: tenant_id, source, source_row_id. Filter on: attempt_at. Personal data.';
COMMENT ON COLUMN analytics.emergency_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.emergency_calls.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN analytics.emergency_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls.';
COMMENT ON COLUMN analytics.emergency_calls.call_id IS 'Id of the call: of Direct Routing the correlation id, with or without a call record; of PSTN the call record it was matched with; null if none was.';
COMMENT ON COLUMN analytics.emergency_calls.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN analytics.emergency_calls.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.emergency_calls.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN analytics.emergency_calls.call_type IS 'Type of the call as served (Graph: callType); null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.emergency_calls.user_principal_name IS 'User principal name at that time; null for bots.';
COMMENT ON COLUMN analytics.emergency_calls.user_display_name IS 'Display name at that time; null for bots.';
COMMENT ON COLUMN analytics.emergency_calls.attempt_at IS 'When the call was tried: of Direct Routing the INVITE, else the start; of PSTN the start; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.answered_at IS 'When it was answered; null if it was not.';
COMMENT ON COLUMN analytics.emergency_calls.ended_at IS 'End, or of failed calls of Direct Routing the failure; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.duration_s IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.answered IS 'Whether it was answered: of Direct Routing as Graph says (successfulCall), of PSTN by duration_s above 0; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.outcome IS 'How it ended: of PSTN answered or not_answered, of Direct Routing by its SIP code (ref.sip_outcomes). One of: answered, not_answered, user_busy, ring_no_answer, terminal_reject, bad_number, network_failure; null if not served whether it was answered.';
COMMENT ON COLUMN analytics.emergency_calls.caller_number IS 'Number of the caller, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.callee_number IS 'Number called, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.own_number IS 'Our side: the caller of outbound calls, else the callee; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.external_number IS 'The other side: the callee of outbound calls, else the caller; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.external_prefix IS 'Country or area code that external_number begins with: the longest in ref.calling_codes; null if none fits or it is written without its country.';
COMMENT ON COLUMN analytics.emergency_calls.external_country IS 'ISO 3166-1 alpha-2 country of the other side, as Graph says it, else by external_prefix; null if not known.';
COMMENT ON COLUMN analytics.emergency_calls.is_number_masked IS 'Whether external_number is masked with *; null if it was not served.';
COMMENT ON COLUMN analytics.emergency_calls.is_international IS 'Whether it crossed a border: by destination_context, else by the countries of both sides; null if not known.';
COMMENT ON COLUMN analytics.emergency_calls.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.charge IS 'Cost without the connection charge, in currency (Graph: charge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.emergency_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.emergency_calls.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN analytics.emergency_calls.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.emergency_calls.operator IS 'Microsoft, or the operator of Operator Connect (Graph: operator); null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.emergency_calls.call_duration_source IS 'Who measured the duration (Graph: callDurationSource), such as microsoft, operator; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.emergency_calls.trunk_fqdn IS 'SBC the call went over (Graph: trunkFullyQualifiedDomainName); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.emergency_calls.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.sip_phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served and for PSTN.';
COMMENT ON COLUMN analytics.emergency_calls.answer_delay_s IS 'From the INVITE to the answer of an outbound call of Direct Routing, in seconds; null for all others, whose start is no answer.';
COMMENT ON COLUMN analytics.emergency_calls.setup_fail_s IS 'From the INVITE to the failure of a call of Direct Routing, in seconds; null for all others.';
COMMENT ON COLUMN analytics.emergency_calls.correlation_id IS 'Correlation id of Direct Routing (Graph: correlationId), shared by the legs of a call; null if not served and for PSTN.';
COMMENT ON COLUMN analytics.emergency_calls.conference_id IS 'Id that the PSTN rows of one audio conference share (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN analytics.emergency_calls.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.emergency_calls.administrative_unit_ids IS 'Administrative units of the user, joined by commas (Graph beta); null if not served.';

CREATE TABLE rollup.fraud_signals_daily (
    tenant_id uuid,
    day date,
    user_id uuid,
    rule text,
    severity text,
    detail text COLLATE pg_catalog."C"
);
COMMENT ON TABLE rollup.fraud_signals_daily IS 'Rows of live.fraud_signals_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.fraud_signals_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.fraud_signals_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.fraud_signals_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN rollup.fraud_signals_daily.rule IS 'F1 forwarded or transferred abroad, F2 far more minutes abroad than in the 28 days before, F3 calls abroad at night or at the weekend, F4 many numbers tried without an answer, F5 many very short calls to one prefix, F6 blocked by Microsoft. One of: F1, F2, F3, F4, F5, F6.';
COMMENT ON COLUMN rollup.fraud_signals_daily.severity IS 'How grave it is. One of: low, moderate, high, major, critical.';
COMMENT ON COLUMN rollup.fraud_signals_daily.detail IS 'What was counted, in words.';

CREATE VIEW analytics.fraud_signals_daily AS
 SELECT x.tenant_id,
    x.day,
    x.user_id,
    x.rule,
    x.severity,
    x.detail,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.fraud_signals_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'fraud_signals_daily'::text))));
COMMENT ON VIEW analytics.fraud_signals_daily IS 'One row per day, user and rule that applies; limits are in ref.fraud_rules. A signal is a reason to look, not a proof. Key: tenant_id, day, user_id, rule. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.fraud_signals_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.fraud_signals_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.fraud_signals_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.fraud_signals_daily.rule IS 'F1 forwarded or transferred abroad, F2 far more minutes abroad than in the 28 days before, F3 calls abroad at night or at the weekend, F4 many numbers tried without an answer, F5 many very short calls to one prefix, F6 blocked by Microsoft. One of: F1, F2, F3, F4, F5, F6.';
COMMENT ON COLUMN analytics.fraud_signals_daily.severity IS 'How grave it is. One of: low, moderate, high, major, critical.';
COMMENT ON COLUMN analytics.fraud_signals_daily.detail IS 'What was counted, in words.';
COMMENT ON COLUMN analytics.fraud_signals_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE VIEW live.voice_calls AS
 SELECT DISTINCT e.tenant_id,
    e.call_id
   FROM teams.session_endpoints e
  WHERE analytics.is_voice_app(e.service_role, e.user_agent_header);
COMMENT ON VIEW live.voice_calls IS 'Calls that went through a call queue or an auto attendant.';
COMMENT ON COLUMN live.voice_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.voice_calls.call_id IS 'Id of the call; joins to calls.';

CREATE VIEW analytics.inbound_calls AS
 SELECT x.tenant_id,
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
    ((EXISTS ( SELECT
           FROM teams.session_endpoints e
          WHERE ((e.tenant_id = x.tenant_id) AND (e.call_id = x.call_id) AND (analytics.lower_ascii(e.service_role) = 'voicemail'::text)))) OR (EXISTS ( SELECT
           FROM teams.call_participants p
          WHERE ((p.tenant_id = x.tenant_id) AND (p.call_id = x.call_id) AND (analytics.lower_ascii(p.identity_endpoint_type) = 'voicemail'::text))))) AS went_to_voicemail,
    x.is_short,
    COALESCE(x.is_final, false) AS is_final
   FROM ( SELECT t.tenant_id,
            t.source,
            t.correlation_id AS call_id,
            t.source_row_id,
            t.user_id,
            t.attempt_at AS call_start_at,
            t.scenario,
            ((t.user_id)::text COLLATE "C") AS callee_identity_id,
            COALESCE(t.answered, false) AS answered,
            COALESCE((t.outcome = ANY (ARRAY['user_busy'::text, 'ring_no_answer'::text, 'terminal_reject'::text])), false) AS missed,
            COALESCE((t.outcome = ANY (ARRAY['bad_number'::text, 'network_failure'::text])), false) AS failed,
                CASE
                    WHEN (NOT t.answered) THEN t.outcome
                    ELSE NULL::text
                END AS reason,
            t.setup_fail_s AS ring_s,
            NULL::double precision AS wait_s,
            (t.setup_fail_s < (5)::double precision) AS is_short,
            (t.attempt_at < e.watermark) AS is_final
           FROM (live.telephony t
             LEFT JOIN ingest.endpoints e ON (((e.tenant_id = t.tenant_id) AND (e.endpoint = 'direct_routing_calls'::text))))
          WHERE ((t.source = 'direct_routing'::text) AND (t.direction = 'inbound'::text) AND (NOT (EXISTS ( SELECT
                   FROM live.voice_calls v
                  WHERE ((v.tenant_id = t.tenant_id) AND (v.call_id = t.correlation_id))))))
        UNION ALL
         SELECT t.tenant_id,
            t.source,
            NULL::uuid,
            t.source_row_id,
            t.user_id,
            t.attempt_at,
            t.scenario,
            ((t.user_id)::text COLLATE "C") AS user_id,
            COALESCE(t.answered, false) AS "coalesce",
            COALESCE((NOT t.answered), false) AS "coalesce",
            false,
                CASE
                    WHEN (NOT t.answered) THEN t.outcome
                    ELSE NULL::text
                END AS "case",
            NULL::double precision,
            NULL::double precision,
            NULL::boolean,
            (t.attempt_at < e.watermark)
           FROM (live.telephony t
             LEFT JOIN ingest.endpoints e ON (((e.tenant_id = t.tenant_id) AND (e.endpoint = 'pstn_calls'::text))))
          WHERE ((t.source = 'pstn'::text) AND (t.direction = 'inbound'::text) AND (NOT (EXISTS ( SELECT
                   FROM rollup.pstn_matches m
                  WHERE ((m.tenant_id = t.tenant_id) AND (m.id = t.source_row_id) AND (m.start_at = t.attempt_at))))))
        UNION ALL
         SELECT y.tenant_id,
            'call_record'::text,
            y.call_id,
            NULL::text,
            y.user_id,
            y.call_start_at,
            'user'::text,
            ((y.user_id)::text COLLATE "C") AS user_id,
            y.answered,
            (NOT y.answered),
            false,
                CASE
                    WHEN y.answered THEN NULL::text
                    WHEN y.setup_failed THEN 'call_setup'::text
                    ELSE 'not_answered'::text
                END AS "case",
            NULL::double precision,
            NULL::double precision,
            NULL::boolean,
            (y.last_modified_at < (now() - '04:00:00'::interval))
           FROM ( SELECT c.tenant_id,
                    c.id AS call_id,
                    c.start_at AS call_start_at,
                    c.last_modified_at,
                    e.user_id,
                    COALESCE(bool_or(((s.end_at > s.start_at) AND (analytics.lower_ascii(s.failure_stage) IS DISTINCT FROM 'callsetup'::text))), false) AS answered,
                    bool_or((analytics.lower_ascii(s.failure_stage) = 'callsetup'::text)) AS setup_failed
                   FROM ((live.calls c
                     JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
                     JOIN teams.session_endpoints e ON (((e.tenant_id = s.tenant_id) AND (e.call_id = s.call_id) AND (e.session_index = s.session_index) AND (e.side = 'callee'::text) AND (e.user_id IS NOT NULL))))
                  WHERE ((c.call_kind = 'p2p'::text) AND (s.is_test IS NOT TRUE) AND (NOT (EXISTS ( SELECT
                           FROM teams.direct_routing_calls r
                          WHERE ((r.correlation_id = c.id) AND (r.tenant_id = c.tenant_id))))) AND (NOT (EXISTS ( SELECT
                           FROM live.voice_calls v
                          WHERE ((v.tenant_id = c.tenant_id) AND (v.call_id = c.id))))))
                  GROUP BY c.tenant_id, c.id, c.start_at, c.last_modified_at, e.user_id) y
        UNION ALL
         SELECT y.tenant_id,
            'call_record'::text,
            y.call_id,
            NULL::text,
            NULL::uuid,
            y.call_start_at,
            'voice_app'::text,
            y.organizer_identity_id,
            (y.first_agent_at IS NOT NULL),
            (y.first_agent_at IS NULL),
            false,
                CASE
                    WHEN (y.first_agent_at IS NULL) THEN 'no_agent'::text
                    ELSE NULL::text
                END AS "case",
            NULL::double precision,
            (EXTRACT(epoch FROM (y.first_agent_at - y.call_start_at)))::double precision AS "extract",
            (EXTRACT(epoch FROM (y.end_at - y.call_start_at)) < (5)::numeric),
            (y.last_modified_at < (now() - '04:00:00'::interval))
           FROM ( SELECT c.tenant_id,
                    c.id AS call_id,
                    c.start_at AS call_start_at,
                    c.end_at,
                    c.last_modified_at,
                    c.organizer_identity_id,
                    min(s.start_at) FILTER (WHERE ((s.end_at > s.start_at) AND (a.user_id IS NOT NULL) AND (a.display_name IS NOT NULL) AND ((a.user_id = c.organizer_user_id) IS NOT TRUE) AND ((a.identity_id = c.organizer_identity_id) IS NOT TRUE) AND (analytics.is_voice_app(b.service_role, b.user_agent_header) IS NOT TRUE))) AS first_agent_at
                   FROM ((((live.calls c
                     JOIN live.voice_calls v ON (((v.tenant_id = c.tenant_id) AND (v.call_id = c.id))))
                     JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
                     LEFT JOIN teams.session_endpoints a ON (((a.tenant_id = s.tenant_id) AND (a.call_id = s.call_id) AND (a.session_index = s.session_index) AND (a.side = 'caller'::text))))
                     LEFT JOIN teams.session_endpoints b ON (((b.tenant_id = s.tenant_id) AND (b.call_id = s.call_id) AND (b.session_index = s.session_index) AND (b.side = 'callee'::text))))
                  WHERE (s.is_test IS NOT TRUE)
                  GROUP BY c.tenant_id, c.id, c.start_at, c.end_at, c.last_modified_at, c.organizer_identity_id) y) x
  WHERE (NOT (EXISTS ( SELECT
           FROM ref.service_identities i
          WHERE ((i.identity_id = x.callee_identity_id) AND ((i.tenant_id = x.tenant_id) OR (i.tenant_id IS NULL))))));
COMMENT ON VIEW analytics.inbound_calls IS 'One row per call that somebody could have answered: of Direct Routing, between two users, to a call queue or auto attendant, of PSTN without a call record. Key: tenant_id, source, call_id, source_row_id, user_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.inbound_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.inbound_calls.source IS 'Where the row is from: a phone log, or a call record of a call between two users or to a voice app. One of: direct_routing, pstn, call_record.';
COMMENT ON COLUMN analytics.inbound_calls.call_id IS 'Id of the call; null if no call record is known.';
COMMENT ON COLUMN analytics.inbound_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls; null for call records.';
COMMENT ON COLUMN analytics.inbound_calls.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN analytics.inbound_calls.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.inbound_calls.scenario IS 'What the call was for, such as user, voice_app.';
COMMENT ON COLUMN analytics.inbound_calls.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN analytics.inbound_calls.answered IS 'Whether it was answered, of a voice app by a person.';
COMMENT ON COLUMN analytics.inbound_calls.missed IS 'Whether it was delivered and nobody answered. Where the outcome is not known, answered, missed and failed are all false.';
COMMENT ON COLUMN analytics.inbound_calls.failed IS 'Whether it was not delivered: a bad number or a network failure.';
COMMENT ON COLUMN analytics.inbound_calls.reason IS 'Why it was missed or failed: an outcome, call_setup, not_answered, or no_agent of a voice app; null if answered.';
COMMENT ON COLUMN analytics.inbound_calls.ring_s IS 'From the INVITE to the failure, in seconds, of Direct Routing; null for all others.';
COMMENT ON COLUMN analytics.inbound_calls.wait_s IS 'From the start of the call until an agent answered, in seconds, of voice apps; null for all others.';
COMMENT ON COLUMN analytics.inbound_calls.went_to_voicemail IS 'Whether voicemail took part in the call.';
COMMENT ON COLUMN analytics.inbound_calls.is_short IS 'Whether the caller gave up within 5 seconds; null for calls between users and of PSTN.';
COMMENT ON COLUMN analytics.inbound_calls.is_final IS 'Whether it will stay so: the record is unchanged for 4 hours, the log is complete beyond it.';

CREATE TABLE ingest.parked (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    slot_from timestamp with time zone NOT NULL,
    slot_to timestamp with time zone NOT NULL,
    failures integer DEFAULT 1 NOT NULL,
    since timestamp with time zone NOT NULL,
    failed_at timestamp with time zone NOT NULL,
    request_id text,
    code text NOT NULL,
    error text NOT NULL,
    body bytea,
    run_id bigint NOT NULL
);
COMMENT ON TABLE ingest.parked IS 'Slots that could not be read although others could. After three failures a slot is parked: tried once a day. Reading it takes its row away. Bodies may hold personal data.';
COMMENT ON COLUMN ingest.parked.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.parked.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.parked.slot_from IS 'Start of the slot, included.';
COMMENT ON COLUMN ingest.parked.slot_to IS 'End of the slot, excluded.';
COMMENT ON COLUMN ingest.parked.failures IS 'How many runs failed at it since it was last read.';
COMMENT ON COLUMN ingest.parked.since IS 'Graph''s time of the first failure since it was last read.';
COMMENT ON COLUMN ingest.parked.failed_at IS 'Graph''s time of the last failure.';
COMMENT ON COLUMN ingest.parked.request_id IS 'Graph''s request-id of the last failure, for Microsoft''s support.';
COMMENT ON COLUMN ingest.parked.code IS 'Cause of the last failure as one word for programs, such as graph_failing.';
COMMENT ON COLUMN ingest.parked.error IS 'What it failed with last, with the next step.';
COMMENT ON COLUMN ingest.parked.body IS 'The first 64 KiB of what was answered in place of a page; null if nothing.';
COMMENT ON COLUMN ingest.parked.run_id IS 'The run that failed at it last (ingest.runs).';

CREATE TABLE ingest.slots (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    slot_from timestamp with time zone NOT NULL,
    slot_to timestamp with time zone NOT NULL,
    read_at timestamp with time zone NOT NULL,
    settled boolean DEFAULT false NOT NULL,
    rows integer NOT NULL,
    run_id bigint NOT NULL
);
COMMENT ON TABLE ingest.slots IS 'When was each slot (an hour or a UTC day) last read to its last page. Written in the transaction that commits the last rows of its window; what is due or lost follows from it.';
COMMENT ON COLUMN ingest.slots.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.slots.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.slots.slot_from IS 'Start of the slot, included.';
COMMENT ON COLUMN ingest.slots.slot_to IS 'End of the slot, excluded.';
COMMENT ON COLUMN ingest.slots.read_at IS 'Graph''s time of the first request of that reading.';
COMMENT ON COLUMN ingest.slots.settled IS 'Whether a reading was made after the slot''s rows had settled and while Graph still answered for all of it. Once true it stays.';
COMMENT ON COLUMN ingest.slots.rows IS 'Elements that Graph served for the slot in that reading.';
COMMENT ON COLUMN ingest.slots.run_id IS 'The run that read it (ingest.runs).';

CREATE VIEW analytics.ingest_coverage AS
 SELECT e.tenant_id,
    e.endpoint,
    lower(gap.gap) AS gap_from,
    upper(gap.gap) AS gap_to,
    g.reason,
    (lower(gap.gap) + e.reach) AS expires_at
   FROM (((((ingest.endpoints e
     CROSS JOIN LATERAL ( SELECT GREATEST(e.origin, (now() - e.reach)) AS gap_from,
            (now() - e.settle) AS gap_to) wanted)
     CROSS JOIN LATERAL ( SELECT (tstzmultirange(tstzrange(wanted.gap_from, GREATEST(wanted.gap_from, wanted.gap_to))) - COALESCE(range_agg(tstzrange(s.slot_from, s.slot_to)), '{}'::tstzmultirange)) AS spans
           FROM ingest.slots s
          WHERE ((s.tenant_id = e.tenant_id) AND (s.endpoint = e.endpoint) AND s.settled AND (s.slot_to > wanted.gap_from) AND (s.slot_from > (wanted.gap_from - '1 day'::interval)))) missing)
     CROSS JOIN LATERAL ( SELECT COALESCE(range_agg(tstzrange(p.slot_from, p.slot_to)), '{}'::tstzmultirange) AS spans
           FROM ingest.parked p
          WHERE ((p.tenant_id = e.tenant_id) AND (p.endpoint = e.endpoint) AND (p.failures >= 3))) parked)
     CROSS JOIN LATERAL ( VALUES ('parked'::text,(missing.spans * parked.spans)), ('unread'::text,(missing.spans - parked.spans))) g(reason, spans))
     CROSS JOIN LATERAL unnest(g.spans) gap(gap));
COMMENT ON VIEW analytics.ingest_coverage IS 'One row per stretch of time that is not stored for good and still can be, or failed. None: nothing is missing. Key: tenant_id, endpoint, gap_from. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.ingest_coverage.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.ingest_coverage.endpoint IS 'What is read in Graph; also the name of its table in schema teams.';
COMMENT ON COLUMN analytics.ingest_coverage.gap_from IS 'Start of the gap, included.';
COMMENT ON COLUMN analytics.ingest_coverage.gap_to IS 'End of the gap, excluded.';
COMMENT ON COLUMN analytics.ingest_coverage.reason IS 'Why: it fails again and again though others can be read (parked), or it is still to be read. One of: parked, unread.';
COMMENT ON COLUMN analytics.ingest_coverage.expires_at IS 'When Microsoft deletes the first of it.';

CREATE TABLE ingest.acknowledgements (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    span_from timestamp with time zone NOT NULL,
    span_to timestamp with time zone NOT NULL,
    call_id uuid,
    acknowledged_at timestamp with time zone DEFAULT now() NOT NULL,
    by_whom text NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE ingest.acknowledgements IS 'Losses that someone has taken note of. They stay listed and no longer count as trouble; the watermark steps over them.';
COMMENT ON COLUMN ingest.acknowledgements.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.acknowledgements.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.acknowledgements.span_from IS 'Start of the span, included; of a call record the start of the call.';
COMMENT ON COLUMN ingest.acknowledgements.span_to IS 'End of the span, excluded.';
COMMENT ON COLUMN ingest.acknowledgements.call_id IS 'The call record whose details are lost (teams.call_records.id); null for a span.';
COMMENT ON COLUMN ingest.acknowledgements.acknowledged_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN ingest.acknowledgements.by_whom IS 'Who took note.';
COMMENT ON COLUMN ingest.acknowledgements.reason IS 'Why it was lost, in their words.';

CREATE TABLE ingest.details_retries (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    attempts integer NOT NULL,
    since timestamp with time zone NOT NULL,
    failed_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    request_id text,
    code text NOT NULL,
    error text NOT NULL,
    body bytea,
    run_id bigint NOT NULL
);
COMMENT ON TABLE ingest.details_retries IS 'Call records whose newest version could not be read with its details. Storing that version takes the row away. Bodies may hold personal data.';
COMMENT ON COLUMN ingest.details_retries.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.details_retries.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN ingest.details_retries.attempts IS 'How often it was tried since its details were last stored.';
COMMENT ON COLUMN ingest.details_retries.since IS 'Graph''s time of the first attempt since its details were last stored.';
COMMENT ON COLUMN ingest.details_retries.failed_at IS 'Graph''s time of the last attempt.';
COMMENT ON COLUMN ingest.details_retries.next_at IS 'When it is tried again, by Graph''s clock.';
COMMENT ON COLUMN ingest.details_retries.state IS 'waiting: Graph does not have it yet, or only an older version; it is tried at growing intervals. parked: it failed again and again; it is tried once a day.';
COMMENT ON COLUMN ingest.details_retries.request_id IS 'Graph''s request-id of the last attempt, for Microsoft''s support; null if Graph did not answer.';
COMMENT ON COLUMN ingest.details_retries.code IS 'Cause of the last failure as one word for programs, such as graph_failing.';
COMMENT ON COLUMN ingest.details_retries.error IS 'What it failed with last, with the next step.';
COMMENT ON COLUMN ingest.details_retries.body IS 'The first 64 KiB of what was answered in place of the record; null if nothing.';
COMMENT ON COLUMN ingest.details_retries.run_id IS 'The run that tried it last (ingest.runs).';

CREATE TABLE ingest.runs (
    run_id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    window_from timestamp with time zone NOT NULL,
    window_to timestamp with time zone NOT NULL,
    trigger text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    heartbeat_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    waiting_until timestamp with time zone,
    finished_at timestamp with time zone,
    result text,
    slots integer DEFAULT 0 NOT NULL,
    slots_done integer DEFAULT 0 NOT NULL,
    pages bigint DEFAULT 0 NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    throttle_s double precision DEFAULT 0 NOT NULL,
    rows_seen bigint DEFAULT 0 NOT NULL,
    rows_new bigint DEFAULT 0 NOT NULL,
    rows_changed bigint DEFAULT 0 NOT NULL,
    rows_unchanged bigint DEFAULT 0 NOT NULL,
    rows_rejected bigint DEFAULT 0 NOT NULL,
    details bigint DEFAULT 0 NOT NULL,
    request_ids text[],
    error text
);
COMMENT ON TABLE ingest.runs IS 'One row per execution for one endpoint of one tenant, kept for 90 days.';
COMMENT ON COLUMN ingest.runs.run_id IS 'Number of the run.';
COMMENT ON COLUMN ingest.runs.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.runs.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.runs.window_from IS 'Start of the earliest window planned.';
COMMENT ON COLUMN ingest.runs.window_to IS 'End of the latest window planned.';
COMMENT ON COLUMN ingest.runs.trigger IS 'What started it: schedule, start, once, backfill or demo.';
COMMENT ON COLUMN ingest.runs.started_at IS 'Start, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.heartbeat_at IS 'Its last commit, by the database''s clock.';
COMMENT ON COLUMN ingest.runs.waiting_until IS 'Until when it waits because Graph said so; null while it does not.';
COMMENT ON COLUMN ingest.runs.finished_at IS 'End, by the database''s clock; null while it runs, or where it was killed and no run has followed.';
COMMENT ON COLUMN ingest.runs.result IS 'ok, failed, throttled, denied, stopped or killed; null while it runs.';
COMMENT ON COLUMN ingest.runs.slots IS 'Slots it is to read.';
COMMENT ON COLUMN ingest.runs.slots_done IS 'Slots it has read.';
COMMENT ON COLUMN ingest.runs.pages IS 'Pages whose rows were committed.';
COMMENT ON COLUMN ingest.runs.requests IS 'Requests sent to Graph, repeated ones included.';
COMMENT ON COLUMN ingest.runs.throttle_s IS 'Seconds spent waiting because Graph said so.';
COMMENT ON COLUMN ingest.runs.rows_seen IS 'Elements served: the sum of the four counts that follow.';
COMMENT ON COLUMN ingest.runs.rows_new IS 'Rows inserted.';
COMMENT ON COLUMN ingest.runs.rows_changed IS 'Rows updated.';
COMMENT ON COLUMN ingest.runs.rows_unchanged IS 'Rows already stored, or served again in the same reading, and not written.';
COMMENT ON COLUMN ingest.runs.rows_rejected IS 'Elements that could only be kept raw (ingest.rejects).';
COMMENT ON COLUMN ingest.runs.details IS 'Call records whose details were stored; 0 for other endpoints.';
COMMENT ON COLUMN ingest.runs.request_ids IS 'Graph''s request-id of failed requests, for Microsoft''s support.';
COMMENT ON COLUMN ingest.runs.error IS 'What went wrong, with the next step. Never quotes row values.';

CREATE TABLE teams.call_record_versions (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    version bigint NOT NULL,
    last_modified_at timestamp with time zone,
    seen_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE teams.call_record_versions IS 'One row per version of a call record that Graph was seen to serve. Rows are only added.';
COMMENT ON COLUMN teams.call_record_versions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.call_record_versions.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN teams.call_record_versions.version IS 'The version (Graph: version).';
COMMENT ON COLUMN teams.call_record_versions.last_modified_at IS 'When Microsoft wrote it (Graph: lastModifiedDateTime), cut to the microsecond; null if not served.';
COMMENT ON COLUMN teams.call_record_versions.seen_at IS 'Graph''s time of the answer that showed it first.';

CREATE VIEW live.endpoint_states AS
 WITH endpoints AS (
         SELECT e_1.tenant_id,
            e_1.endpoint,
            e_1.enabled,
            e_1.schedule,
            e_1.interval_s,
            e_1.reach,
            e_1.settle,
            e_1.start_from,
            e_1.origin,
            e_1.settled_until,
            e_1.watermark,
            e_1.clock_at,
            e_1.next_due_at,
            e_1.removed_at,
            e_1.last_result,
            e_1.last_finished_at,
            e_1.last_success_at,
            e_1.failures,
            e_1.failing_since,
            e_1.healed_at,
            e_1.caught_up_at,
            e_1.last_error_code,
            e_1.last_error,
            e_1.last_error_at,
            e_1.last_status,
            e_1.last_request_id,
            t.every,
            t.slot,
            (now() - GREATEST(((2)::double precision * t.every), '01:00:00'::interval)) AS owed_at,
                CASE
                    WHEN (e_1.endpoint = 'dialout_report'::text) THEN date_trunc('day'::text, (t.wanted_from + '1 day -00:00:00.000001'::interval), 'UTC'::text)
                    ELSE t.wanted_from
                END AS wanted_from
           FROM (ingest.endpoints e_1
             CROSS JOIN LATERAL ( SELECT make_interval(secs => (COALESCE(e_1.interval_s, 0))::double precision) AS every,
                        CASE
                            WHEN (e_1.endpoint = 'call_records'::text) THEN 'hour'::text
                            ELSE 'day'::text
                        END AS slot,
                    GREATEST(e_1.origin, e_1.settled_until, (now() - e_1.reach)) AS wanted_from) t)
        )
 SELECT e.tenant_id,
    e.endpoint,
        CASE
            WHEN (e.removed_at IS NOT NULL) THEN 'removed'::text
            WHEN (NOT e.enabled) THEN 'paused'::text
            WHEN (e.last_result = 'denied'::text) THEN 'denied'::text
            WHEN ((e.failures >= 3) OR (late.by > GREATEST(((3)::double precision * e.every), '00:05:00'::interval))) THEN 'down'::text
            WHEN (e.last_result = 'throttled'::text) THEN 'throttled'::text
            WHEN (run.waiting_until > (clock_timestamp() + '00:01:00'::interval)) THEN 'throttled'::text
            WHEN ((e.last_result = 'failed'::text) OR (late.by > GREATEST(e.every, '00:05:00'::interval))) THEN 'late'::text
            WHEN ((e.last_success_at IS NULL) AND (NOT has.slots)) THEN 'never'::text
            WHEN (has.unread OR pending.is_behind) THEN 'catching_up'::text
            ELSE 'on_time'::text
        END AS state
   FROM (((((endpoints e
     LEFT JOIN LATERAL ( SELECT r.run_id,
            r.waiting_until
           FROM ingest.runs r
          WHERE ((r.tenant_id = e.tenant_id) AND (r.endpoint = e.endpoint) AND (r.finished_at IS NULL) AND (r.heartbeat_at > (clock_timestamp() - '00:05:00'::interval)))
          ORDER BY r.heartbeat_at DESC
         LIMIT 1) run ON (true))
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (run.run_id IS NULL) THEN (now() - e.next_due_at)
                    ELSE NULL::interval
                END AS by) late)
     CROSS JOIN LATERAL ( SELECT COALESCE(range_agg(tstzrange(k.slot_from, k.slot_to)), '{}'::tstzmultirange) AS spans
           FROM ( SELECT s.slot_from,
                    s.slot_to
                   FROM ingest.slots s
                  WHERE ((s.tenant_id = e.tenant_id) AND (s.endpoint = e.endpoint) AND (s.slot_to > e.wanted_from) AND (s.slot_from > (e.wanted_from - '1 day'::interval)) AND (s.read_at <= (now() + '01:00:00'::interval)) AND (s.settled OR ((s.slot_to + e.settle) >= e.owed_at) OR (GREATEST(s.slot_from, e.origin) < (now() - e.reach))))
                UNION ALL
                 SELECT p.slot_from,
                    p.slot_to
                   FROM ingest.parked p
                  WHERE ((p.tenant_id = e.tenant_id) AND (p.endpoint = e.endpoint) AND (p.failures >= 3))
                UNION ALL
                 SELECT a.span_from,
                    a.span_to
                   FROM ingest.acknowledgements a
                  WHERE ((a.tenant_id = e.tenant_id) AND (a.endpoint = e.endpoint) AND (a.call_id IS NULL))) k) known)
     CROSS JOIN LATERAL ( SELECT (EXISTS ( SELECT 1
                   FROM ingest.slots s
                  WHERE ((s.tenant_id = e.tenant_id) AND (s.endpoint = e.endpoint)))) AS slots,
            (NOT (tstzrange(e.wanted_from, GREATEST(e.wanted_from, date_trunc(e.slot, (e.owed_at - '00:00:00.000001'::interval), 'UTC'::text))) <@ known.spans)) AS unread) has)
     CROSS JOIN LATERAL ( SELECT (bool_or((p.named_at < e.owed_at)) OR ((count(*) FILTER (WHERE (p.state IS NULL)) >= 5000) AND (min(p.reach_from) FILTER (WHERE (p.state IS DISTINCT FROM 'parked'::text)) < e.owed_at))) AS is_behind
           FROM ( SELECT c.reach_from,
                    x.state,
                        CASE
                            WHEN (x.call_id IS NOT NULL) THEN NULL::timestamp with time zone
                            WHEN (c.details_version IS NULL) THEN c.updated_at
                            ELSE ( SELECT v.seen_at
                               FROM teams.call_record_versions v
                              WHERE ((v.tenant_id = c.tenant_id) AND (v.call_id = c.id) AND (v.version = c.version)))
                        END AS named_at
                   FROM (teams.call_records c
                     LEFT JOIN ingest.details_retries x ON (((x.tenant_id = c.tenant_id) AND (x.call_id = c.id))))
                  WHERE ((e.endpoint = 'call_records'::text) AND (c.tenant_id = e.tenant_id) AND c.pending AND (c.reach_from >= GREATEST(e.origin, (now() - e.reach))))) p) pending);
COMMENT ON VIEW live.endpoint_states IS 'How the reading of each endpoint stands, by the rule of the status page.';
COMMENT ON COLUMN live.endpoint_states.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.endpoint_states.endpoint IS 'What is read in Graph; also the name of its table in schema teams.';
COMMENT ON COLUMN live.endpoint_states.state IS 'How the reading stands, as ingestd status says it. One of: removed, paused, denied, down, throttled, late, never, catching_up, on_time.';

CREATE VIEW live.row_times AS
 SELECT call_records.tenant_id,
    'call_records'::text AS endpoint,
    call_records.start_at AS at
   FROM teams.call_records
UNION ALL
 SELECT pstn_calls.tenant_id,
    'pstn_calls'::text AS endpoint,
    pstn_calls.start_at AS at
   FROM teams.pstn_calls
UNION ALL
 SELECT direct_routing_calls.tenant_id,
    'direct_routing_calls'::text AS endpoint,
    COALESCE(direct_routing_calls.invite_at, direct_routing_calls.start_at) AS at
   FROM teams.direct_routing_calls
UNION ALL
 SELECT sms_messages.tenant_id,
    'sms_messages'::text AS endpoint,
    sms_messages.sent_at AS at
   FROM teams.sms_messages
UNION ALL
 SELECT pstn_blocked_users_log.tenant_id,
    'pstn_blocked_users_log'::text AS endpoint,
    pstn_blocked_users_log.block_at AS at
   FROM teams.pstn_blocked_users_log
UNION ALL
 SELECT dialout_report.tenant_id,
    'dialout_report'::text AS endpoint,
    dialout_report.window_from AS at
   FROM teams.dialout_report;
COMMENT ON VIEW live.row_times IS 'The time of each row, as the slots of its endpoint go by it.';
COMMENT ON COLUMN live.row_times.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.row_times.endpoint IS 'What is read in Graph; also the name of its table in schema teams.';
COMMENT ON COLUMN live.row_times.at IS 'The time; null if not served.';

CREATE TABLE rollup.stale (
    tenant_id uuid NOT NULL,
    source text NOT NULL,
    at timestamp with time zone NOT NULL,
    note_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE rollup.stale IS 'What is to be computed anew: one row for each hour of an endpoint in which a transaction wrote rows, by their old and their new time. Rows are only added; a refresh deletes those whose days it has computed.';
COMMENT ON COLUMN rollup.stale.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.stale.source IS 'The endpoint whose rows were written.';
COMMENT ON COLUMN rollup.stale.at IS 'An hour in which such rows are counted.';
COMMENT ON COLUMN rollup.stale.note_xid IS 'The transaction that wrote the rows.';
COMMENT ON COLUMN rollup.stale.noted_at IS 'When it began, by the database''s clock.';

CREATE VIEW analytics.ingest_freshness AS
 SELECT e.tenant_id,
    e.endpoint,
    s.state,
    e.last_success_at,
    e.watermark AS complete_through,
    ( SELECT newest.at
           FROM (ingest.slots l
             CROSS JOIN LATERAL ( SELECT max(t.at) AS at
                   FROM live.row_times t
                  WHERE ((t.tenant_id = l.tenant_id) AND (t.endpoint = l.endpoint) AND (t.at >= l.slot_from) AND (t.at < l.slot_to))) newest)
          WHERE ((l.tenant_id = e.tenant_id) AND (l.endpoint = e.endpoint) AND (l.rows > 0) AND (newest.at IS NOT NULL))
          ORDER BY l.slot_from DESC
         LIMIT 1) AS newest_record_at,
    (EXTRACT(epoch FROM (now() - e.watermark)))::bigint AS lag_s,
    e.next_due_at,
    e.failures AS consecutive_failures,
    e.last_error,
        CASE e.endpoint
            WHEN 'pstn_calls'::text THEN ( SELECT analytics.pct((count(m.call_id))::numeric, (count(*))::numeric) AS pct
               FROM (teams.pstn_calls p
                 LEFT JOIN rollup.pstn_matches m ON (((m.tenant_id = p.tenant_id) AND (m.id = p.id) AND (m.start_at = p.start_at))))
              WHERE ((p.tenant_id = e.tenant_id) AND (p.start_at >= (now() - '30 days'::interval))))
            WHEN 'direct_routing_calls'::text THEN ( SELECT analytics.pct((count(c.id))::numeric, (count(*))::numeric) AS pct
               FROM (teams.direct_routing_calls d
                 LEFT JOIN teams.call_records c ON (((c.tenant_id = d.tenant_id) AND (c.id = d.correlation_id))))
              WHERE ((d.tenant_id = e.tenant_id) AND (COALESCE(d.invite_at, d.start_at) >= (now() - '30 days'::interval))))
            ELSE NULL::numeric
        END AS join_match_pct,
    (EXTRACT(epoch FROM ingest.feed_hold_back()))::double precision AS feed_hold_back_s,
    ( SELECT min(n.noted_at) AS min
           FROM rollup.stale n
          WHERE ((n.tenant_id = e.tenant_id) AND (n.source = e.endpoint) AND (n.at < now()))) AS rollups_stale_since,
    ( SELECT count(*) AS count
           FROM live.row_times t
          WHERE ((t.tenant_id = e.tenant_id) AND (t.endpoint = e.endpoint) AND (t.at IS NULL))) AS rows_without_time
   FROM (ingest.endpoints e
     JOIN live.endpoint_states s USING (tenant_id, endpoint));
COMMENT ON VIEW analytics.ingest_freshness IS 'One row per tenant and endpoint: how far the data goes and how the reading stands. Key: tenant_id, endpoint. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.ingest_freshness.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.ingest_freshness.endpoint IS 'What is read in Graph; also the name of its table in schema teams.';
COMMENT ON COLUMN analytics.ingest_freshness.state IS 'How the reading stands, as ingestd status says it. One of: removed, paused, denied, down, throttled, late, never, catching_up, on_time.';
COMMENT ON COLUMN analytics.ingest_freshness.last_success_at IS 'End of the last good run; null before the first.';
COMMENT ON COLUMN analytics.ingest_freshness.complete_through IS 'Until when every row is here for good, losses that someone has acknowledged aside.';
COMMENT ON COLUMN analytics.ingest_freshness.newest_record_at IS 'Time of the newest row; null if there is none.';
COMMENT ON COLUMN analytics.ingest_freshness.lag_s IS 'From complete_through to now, in seconds.';
COMMENT ON COLUMN analytics.ingest_freshness.next_due_at IS 'When the next run is due; null while switched off.';
COMMENT ON COLUMN analytics.ingest_freshness.consecutive_failures IS 'Runs that failed since the last good one.';
COMMENT ON COLUMN analytics.ingest_freshness.last_error IS 'What the last run failed with; null while runs are good.';
COMMENT ON COLUMN analytics.ingest_freshness.join_match_pct IS 'Rows of the last 30 days whose call record was found, in percent of all, 0 to 100; null for endpoints without such, and without rows.';
COMMENT ON COLUMN analytics.ingest_freshness.feed_hold_back_s IS 'Age of the oldest transaction that change_feed waits for, in seconds, 0 if there is none; null if not known, as on a standby.';
COMMENT ON COLUMN analytics.ingest_freshness.rollups_stale_since IS 'Oldest change that the views of hours, days and months do not show yet; null if there is none.';
COMMENT ON COLUMN analytics.ingest_freshness.rows_without_time IS 'Rows in no hour or day, as Graph served no time for them.';

CREATE VIEW analytics.meeting_attendance AS
 SELECT y.tenant_id,
    y.call_id,
    y.identity_id,
    y.call_start_at,
    y.identity_kind,
    y.user_id,
    y.display_name,
    y.principal_name,
    y.first_join_at,
    y.last_leave_at,
    (COALESCE(( SELECT sum(EXTRACT(epoch FROM (upper(r.r) - lower(r.r)))) AS sum
           FROM unnest(y.present) r(r)), (0)::numeric))::double precision AS attended_s,
    (COALESCE(( SELECT count(*) AS count
           FROM unnest(y.present) r(r)), (0)::bigint))::integer AS joins,
    y.sessions,
    (EXTRACT(epoch FROM (y.first_join_at - y.call_start_at)))::double precision AS late_s,
    y.is_organizer,
    y.platforms
   FROM ( SELECT c.tenant_id,
            c.id AS call_id,
            n.identity_id,
            c.start_at AS call_start_at,
            max(e.identity_kind) AS identity_kind,
            e.user_id,
            max(e.display_name) AS display_name,
            max(e.principal_name) AS principal_name,
            min(s.start_at) AS first_join_at,
            max(s.end_at) AS last_leave_at,
            range_agg(tstzrange(s.start_at, s.end_at)) FILTER (WHERE (s.start_at < s.end_at)) AS present,
            (count(DISTINCT s.session_index))::integer AS sessions,
            COALESCE((n.identity_id = COALESCE((c.organizer_user_id)::text, c.organizer_identity_id)), false) AS is_organizer,
            string_agg(DISTINCT e.platform, ','::text ORDER BY e.platform) AS platforms
           FROM (((live.calls c
             JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
             JOIN teams.session_endpoints e ON (((e.tenant_id = s.tenant_id) AND (e.call_id = s.call_id) AND (e.session_index = s.session_index))))
             CROSS JOIN LATERAL ( SELECT COALESCE((e.user_id)::text, e.identity_id) AS identity_id) n)
          WHERE ((c.call_kind = 'group'::text) AND (s.is_test IS NOT TRUE) AND (n.identity_id IS NOT NULL) AND (NOT (EXISTS ( SELECT
                   FROM ref.service_identities i
                  WHERE ((i.identity_id = e.identity_id) AND ((i.tenant_id = e.tenant_id) OR (i.tenant_id IS NULL)))))))
          GROUP BY c.tenant_id, c.id, c.start_at, c.organizer_user_id, c.organizer_identity_id, n.identity_id, e.user_id
         HAVING ((e.user_id IS NOT NULL) OR (NOT (EXISTS ( SELECT
                   FROM teams.session_endpoints o
                  WHERE ((o.tenant_id = c.tenant_id) AND (o.call_id = c.id) AND ((o.user_id)::text = n.identity_id))))))) y;
COMMENT ON VIEW analytics.meeting_attendance IS 'One row per identity in a group call: from when to when, and how long. Services and identities without an id are left out. Key: tenant_id, call_id, identity_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.meeting_attendance.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.meeting_attendance.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN analytics.meeting_attendance.identity_id IS 'Id of the identity: a user id, a number, another id.';
COMMENT ON COLUMN analytics.meeting_attendance.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.meeting_attendance.identity_kind IS 'What it is, such as user, phone, guest; null if none or more than one was served.';
COMMENT ON COLUMN analytics.meeting_attendance.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.meeting_attendance.display_name IS 'Display name at that time; null for guests and where not served.';
COMMENT ON COLUMN analytics.meeting_attendance.principal_name IS 'User principal name at that time; null unless a user.';
COMMENT ON COLUMN analytics.meeting_attendance.first_join_at IS 'Start of the first session; null if not served.';
COMMENT ON COLUMN analytics.meeting_attendance.last_leave_at IS 'End of the last session; null if not served.';
COMMENT ON COLUMN analytics.meeting_attendance.attended_s IS 'Time covered by the sessions together, in seconds; two at once count once.';
COMMENT ON COLUMN analytics.meeting_attendance.joins IS 'Stretches of attendance: sessions that overlap or touch are one; 0 if none had a length.';
COMMENT ON COLUMN analytics.meeting_attendance.sessions IS 'Sessions of the identity in the call.';
COMMENT ON COLUMN analytics.meeting_attendance.late_s IS 'From the start of the call to first_join_at, in seconds; null without one of them.';
COMMENT ON COLUMN analytics.meeting_attendance.is_organizer IS 'Whether it organized the call.';
COMMENT ON COLUMN analytics.meeting_attendance.platforms IS 'Platforms it joined from, joined by commas, such as windows,iOS; null if not served.';

CREATE VIEW analytics.missed_calls AS
 SELECT i.tenant_id,
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
COMMENT ON VIEW analytics.missed_calls IS 'The rows of inbound_calls that were missed. Key: tenant_id, source, call_id, source_row_id, user_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.missed_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.missed_calls.source IS 'Where the row is from: a phone log, or a call record of a call between two users or to a voice app. One of: direct_routing, pstn, call_record.';
COMMENT ON COLUMN analytics.missed_calls.call_id IS 'Id of the call; null if no call record is known.';
COMMENT ON COLUMN analytics.missed_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls; null for call records.';
COMMENT ON COLUMN analytics.missed_calls.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN analytics.missed_calls.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.missed_calls.scenario IS 'What the call was for, such as user, voice_app.';
COMMENT ON COLUMN analytics.missed_calls.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN analytics.missed_calls.reason IS 'Why it was missed or failed: an outcome, call_setup, not_answered, or no_agent of a voice app; null if answered.';
COMMENT ON COLUMN analytics.missed_calls.ring_s IS 'From the INVITE to the failure, in seconds, of Direct Routing; null for all others.';
COMMENT ON COLUMN analytics.missed_calls.wait_s IS 'From the start of the call until an agent answered, in seconds, of voice apps; null for all others.';
COMMENT ON COLUMN analytics.missed_calls.went_to_voicemail IS 'Whether voicemail took part in the call.';
COMMENT ON COLUMN analytics.missed_calls.is_short IS 'Whether the caller gave up within 5 seconds; null for calls between users and of PSTN.';
COMMENT ON COLUMN analytics.missed_calls.is_final IS 'Whether it will stay so: the record is unchanged for 4 hours, the log is complete beyond it.';

CREATE TABLE rollup.missed_calls_daily (
    tenant_id uuid,
    day date,
    scenario text,
    user_id uuid,
    callee_identity_id text COLLATE pg_catalog."C",
    inbound bigint,
    answered bigint,
    missed bigint,
    failed bigint,
    missed_pct numeric
);
COMMENT ON TABLE rollup.missed_calls_daily IS 'Rows of live.missed_calls_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.missed_calls_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.missed_calls_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.missed_calls_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN rollup.missed_calls_daily.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN rollup.missed_calls_daily.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN rollup.missed_calls_daily.inbound IS 'Inbound calls.';
COMMENT ON COLUMN rollup.missed_calls_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN rollup.missed_calls_daily.missed IS 'Calls that were delivered and not answered.';
COMMENT ON COLUMN rollup.missed_calls_daily.failed IS 'Calls that were not delivered.';
COMMENT ON COLUMN rollup.missed_calls_daily.missed_pct IS 'missed in percent of missed and answered, 0 to 100; null if there were neither.';

CREATE VIEW analytics.missed_calls_daily AS
 SELECT x.tenant_id,
    x.day,
    x.scenario,
    x.user_id,
    x.callee_identity_id,
    x.inbound,
    x.answered,
    x.missed,
    x.failed,
    x.missed_pct,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.missed_calls_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'missed_calls_daily'::text))));
COMMENT ON VIEW analytics.missed_calls_daily IS 'One row per day, scenario and who was called: how many inbound calls there were, and how many were missed. Key: tenant_id, day, scenario, user_id, callee_identity_id. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.missed_calls_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.missed_calls_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.missed_calls_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN analytics.missed_calls_daily.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN analytics.missed_calls_daily.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN analytics.missed_calls_daily.inbound IS 'Inbound calls.';
COMMENT ON COLUMN analytics.missed_calls_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN analytics.missed_calls_daily.missed IS 'Calls that were delivered and not answered.';
COMMENT ON COLUMN analytics.missed_calls_daily.failed IS 'Calls that were not delivered.';
COMMENT ON COLUMN analytics.missed_calls_daily.missed_pct IS 'missed in percent of missed and answered, 0 to 100; null if there were neither.';
COMMENT ON COLUMN analytics.missed_calls_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.network_subnet_quality_daily (
    tenant_id uuid,
    day date,
    media_kind text,
    site text,
    subnet text,
    public_ip text,
    connection_type text,
    wifi_band text,
    transport text,
    streams bigint,
    users bigint,
    good bigint,
    poor bigint,
    poor_pct numeric,
    rtt_avg_ms double precision,
    rtt_p95_ms double precision,
    jitter_avg_ms double precision,
    packet_loss_avg double precision,
    tcp_pct numeric,
    is_vpn boolean,
    is_common_subnet boolean
);
COMMENT ON TABLE rollup.network_subnet_quality_daily IS 'Rows of live.network_subnet_quality_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.site IS 'Site of the subnet: the longest prefix of ref.site_subnets; null if none fits.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.subnet IS 'Subnet of the client (Graph: subnet); null if not served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.public_ip IS 'Public address of the client where is_common_subnet, which tells home networks apart; null for other subnets.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.connection_type IS 'How the client was connected (Graph: connectionType), such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.wifi_band IS 'Band of the wireless network (Graph: wifiBand), such as frequency24GHz; null if not served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.transport IS 'Protocol of the media (Graph: networkTransportProtocol), such as udp, tcp; null if not served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.rtt_avg_ms IS 'Mean of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.rtt_p95_ms IS '95th percentile of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.jitter_avg_ms IS 'Mean of the streams'' mean jitter, in milliseconds; null if none was served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.packet_loss_avg IS 'Mean share of packets lost, 0 to 1; null if none was served.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.tcp_pct IS 'Streams over TCP, which a firewall that lets no UDP through forces, in percent of all, 0 to 100.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.is_vpn IS 'Whether it is a VPN, by connection_type tunnel or by its site; null if not known.';
COMMENT ON COLUMN rollup.network_subnet_quality_daily.is_common_subnet IS 'Whether many home routers use the subnet, so that it names no place; null without a subnet.';

CREATE VIEW analytics.network_subnet_quality_daily AS
 SELECT x.tenant_id,
    x.day,
    x.media_kind,
    x.site,
    x.subnet,
    x.public_ip,
    x.connection_type,
    x.wifi_band,
    x.transport,
    x.streams,
    x.users,
    x.good,
    x.poor,
    x.poor_pct,
    x.rtt_avg_ms,
    x.rtt_p95_ms,
    x.jitter_avg_ms,
    x.packet_loss_avg,
    x.tcp_pct,
    x.is_vpn,
    x.is_common_subnet,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.network_subnet_quality_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'network_subnet_quality_daily'::text))));
COMMENT ON VIEW analytics.network_subnet_quality_daily IS 'One row per day, kind of media and network: every stream counts once in the network of each participant. Key: tenant_id, day, media_kind, site, subnet, public_ip, connection_type, wifi_band, transport. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.site IS 'Site of the subnet: the longest prefix of ref.site_subnets; null if none fits.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.subnet IS 'Subnet of the client (Graph: subnet); null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.public_ip IS 'Public address of the client where is_common_subnet, which tells home networks apart; null for other subnets.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.connection_type IS 'How the client was connected (Graph: connectionType), such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.wifi_band IS 'Band of the wireless network (Graph: wifiBand), such as frequency24GHz; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.transport IS 'Protocol of the media (Graph: networkTransportProtocol), such as udp, tcp; null if not served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.rtt_avg_ms IS 'Mean of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.rtt_p95_ms IS '95th percentile of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.jitter_avg_ms IS 'Mean of the streams'' mean jitter, in milliseconds; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.packet_loss_avg IS 'Mean share of packets lost, 0 to 1; null if none was served.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.tcp_pct IS 'Streams over TCP, which a firewall that lets no UDP through forces, in percent of all, 0 to 100.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.is_vpn IS 'Whether it is a VPN, by connection_type tunnel or by its site; null if not known.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.is_common_subnet IS 'Whether many home routers use the subnet, so that it names no place; null without a subnet.';
COMMENT ON COLUMN analytics.network_subnet_quality_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ref.numbers (
    tenant_id uuid,
    number text NOT NULL,
    user_id uuid
);
COMMENT ON TABLE ref.numbers IS 'Numbers you have, used or not: one that was never used is in no log. Empty until you fill it.';
COMMENT ON COLUMN ref.numbers.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.numbers.number IS 'The number as the logs write it, such as +4930123456.';
COMMENT ON COLUMN ref.numbers.user_id IS 'Entra object id of who has it; null if nobody.';

CREATE TABLE rollup.phone_user_daily (
    tenant_id uuid,
    day date,
    source text,
    user_id uuid,
    own_number text,
    currency text,
    calls bigint,
    in_s bigint,
    out_s bigint,
    international_out_s bigint,
    forwarded_s bigint,
    total_cost numeric,
    first_in_at timestamp with time zone,
    last_in_at timestamp with time zone,
    first_out_at timestamp with time zone,
    last_out_at timestamp with time zone,
    last_call_at timestamp with time zone
);
COMMENT ON TABLE rollup.phone_user_daily IS 'Rows of live.phone_user_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.phone_user_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.phone_user_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.phone_user_daily.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN rollup.phone_user_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN rollup.phone_user_daily.own_number IS 'The user''s number; null for conferences and the like, where it is the service''s, and if not served.';
COMMENT ON COLUMN rollup.phone_user_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN rollup.phone_user_daily.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN rollup.phone_user_daily.in_s IS 'Time of inbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN rollup.phone_user_daily.out_s IS 'Time of outbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN rollup.phone_user_daily.international_out_s IS 'Time of outbound calls abroad, in seconds; null if there was none.';
COMMENT ON COLUMN rollup.phone_user_daily.forwarded_s IS 'Time of calls forwarded to a telephone, in seconds; null if there was none.';
COMMENT ON COLUMN rollup.phone_user_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN rollup.phone_user_daily.first_in_at IS 'First inbound call; null if none is known.';
COMMENT ON COLUMN rollup.phone_user_daily.last_in_at IS 'Last inbound call; null if none is known.';
COMMENT ON COLUMN rollup.phone_user_daily.first_out_at IS 'First outbound call; null if none is known.';
COMMENT ON COLUMN rollup.phone_user_daily.last_out_at IS 'Last outbound call; null if none is known.';
COMMENT ON COLUMN rollup.phone_user_daily.last_call_at IS 'Attempt of the last call.';

CREATE VIEW analytics.number_usage AS
 SELECT p.tenant_id,
    p.own_number AS number,
    p.user_id,
    min(p.first_in_at) AS first_in_at,
    max(p.last_in_at) AS last_in_at,
    min(p.first_out_at) AS first_out_at,
    max(p.last_out_at) AS last_out_at,
        CASE
            WHEN (c.day IS NOT NULL) THEN (COALESCE(sum(p.calls) FILTER (WHERE ((p.day >= (c.day - 30)) AND (p.day < c.day))), (0)::numeric))::bigint
            ELSE NULL::bigint
        END AS calls_30d,
        CASE
            WHEN (c.day IS NOT NULL) THEN (COALESCE(sum(p.calls) FILTER (WHERE ((p.day >= (c.day - 90)) AND (p.day < c.day))), (0)::numeric))::bigint
            ELSE NULL::bigint
        END AS calls_90d,
    (max(p.day) < (c.day - 90)) AS is_unused_90d
   FROM (rollup.phone_user_daily p
     LEFT JOIN live.complete_through c ON (((c.tenant_id = p.tenant_id) AND (c.name = 'phone_user_daily'::text))))
  WHERE (p.own_number IS NOT NULL)
  GROUP BY p.tenant_id, p.own_number, p.user_id, c.day
UNION ALL
 SELECT n.tenant_id,
    n.number,
    n.user_id,
    NULL::timestamp with time zone AS first_in_at,
    NULL::timestamp with time zone AS last_in_at,
    NULL::timestamp with time zone AS first_out_at,
    NULL::timestamp with time zone AS last_out_at,
    0 AS calls_30d,
    0 AS calls_90d,
    true AS is_unused_90d
   FROM ( SELECT o.tenant_id,
            o.number,
            o.user_id
           FROM ref.numbers o
          WHERE (o.tenant_id IS NOT NULL)
        UNION ALL
         SELECT e.tenant_id,
            g.number,
            g.user_id
           FROM (ref.numbers g
             CROSS JOIN ( SELECT DISTINCT endpoints.tenant_id
                   FROM ingest.endpoints) e)
          WHERE ((g.tenant_id IS NULL) AND (NOT (EXISTS ( SELECT
                   FROM ref.numbers o
                  WHERE ((o.tenant_id = e.tenant_id) AND (o.number = g.number))))))) n
  WHERE (NOT (EXISTS ( SELECT
           FROM rollup.phone_user_daily p
          WHERE ((p.tenant_id = n.tenant_id) AND (p.own_number = n.number)))));
COMMENT ON VIEW analytics.number_usage IS 'One row per own number and user: when was it used first and last, in either direction. Numbers of ref.numbers that never were are listed too. Counts go back from complete_through of the phone logs, not from now. Key: tenant_id, number, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.number_usage.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.number_usage.number IS 'Own number (telephony_calls.own_number, ref.numbers).';
COMMENT ON COLUMN analytics.number_usage.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.number_usage.first_in_at IS 'First inbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.last_in_at IS 'Last inbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.first_out_at IS 'First outbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.last_out_at IS 'Last outbound call; null if none is known.';
COMMENT ON COLUMN analytics.number_usage.calls_30d IS 'Calls of the last 30 days, both directions, answered or not; null if no phone log is switched on.';
COMMENT ON COLUMN analytics.number_usage.calls_90d IS 'Calls of the last 90 days, both directions, answered or not; null if no phone log is switched on.';
COMMENT ON COLUMN analytics.number_usage.is_unused_90d IS 'Whether there was no call in the last 90 days, nor any since; null if no phone log is switched on.';

CREATE VIEW analytics.participants AS
 SELECT x.tenant_id,
    x.call_id,
    x.identity_id,
    x.call_start_at,
    x.call_kind,
    max(x.identity_kind) AS identity_kind,
    x.user_id,
    max(x.display_name) AS display_name,
    max(x.principal_name) AS principal_name,
    max(x.identity_endpoint_type) AS identity_endpoint_type,
    COALESCE(bool_or((x.identity_id = x.organizer)), false) AS is_organizer
   FROM ( SELECT c.tenant_id,
            c.id AS call_id,
            c.start_at AS call_start_at,
            c.call_kind,
            COALESCE((p.user_id)::text, p.identity_id) AS identity_id,
            p.identity_kind,
            p.user_id,
            p.display_name,
            p.principal_name,
            p.identity_endpoint_type,
            COALESCE((c.organizer_user_id)::text, c.organizer_identity_id) AS organizer
           FROM (live.calls c
             JOIN teams.call_participants p ON (((p.tenant_id = c.tenant_id) AND (p.call_id = c.id))))
        UNION ALL
         SELECT c.tenant_id,
            c.id,
            c.start_at,
            c.call_kind,
            COALESCE((e.user_id)::text, e.identity_id) AS "coalesce",
            e.identity_kind,
            e.user_id,
            e.display_name,
            e.principal_name,
            NULL::text,
            COALESCE((c.organizer_user_id)::text, c.organizer_identity_id) AS "coalesce"
           FROM (live.calls c
             JOIN teams.session_endpoints e ON (((e.tenant_id = c.tenant_id) AND (e.call_id = c.id))))) x
  WHERE (x.identity_id IS NOT NULL)
  GROUP BY x.tenant_id, x.call_id, x.call_start_at, x.call_kind, x.identity_id, x.user_id
 HAVING ((x.user_id IS NOT NULL) OR (NOT (EXISTS ( SELECT
           FROM teams.call_participants p
          WHERE ((p.tenant_id = x.tenant_id) AND (p.call_id = x.call_id) AND ((p.user_id)::text = x.identity_id))
        UNION ALL
         SELECT
           FROM teams.session_endpoints e
          WHERE ((e.tenant_id = x.tenant_id) AND (e.call_id = x.call_id) AND ((e.user_id)::text = x.identity_id))))));
COMMENT ON VIEW analytics.participants IS 'One row per identity that took part in a call, found among its participants or on a side of its sessions. Key: tenant_id, call_id, identity_id. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.participants.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.participants.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN analytics.participants.identity_id IS 'Id of the identity: a user id, a number, another id.';
COMMENT ON COLUMN analytics.participants.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.participants.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.participants.identity_kind IS 'What it is, such as user, phone, guest; null if none or more than one was served.';
COMMENT ON COLUMN analytics.participants.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.participants.display_name IS 'Display name at that time; null for guests and where not served.';
COMMENT ON COLUMN analytics.participants.principal_name IS 'User principal name at that time; null unless a user.';
COMMENT ON COLUMN analytics.participants.identity_endpoint_type IS 'Type of its endpoint, such as voicemail; null for most.';
COMMENT ON COLUMN analytics.participants.is_organizer IS 'Whether it organized the call.';

CREATE VIEW live.months AS
 SELECT d.month,
    min(d.day) AS first_day,
    max(d.day) AS last_day
   FROM ref.days d
  GROUP BY d.month;
COMMENT ON VIEW live.months IS 'The months of the calendar (ref.days).';
COMMENT ON COLUMN live.months.month IS 'First day of its month.';
COMMENT ON COLUMN live.months.first_day IS 'First day of the month that the calendar has.';
COMMENT ON COLUMN live.months.last_day IS 'Last day of the month that the calendar has.';

CREATE TABLE ref.org_units (
    tenant_id uuid,
    user_id uuid NOT NULL,
    department text,
    cost_center text,
    valid_from date DEFAULT '2000-01-01'::date NOT NULL
);
COMMENT ON TABLE ref.org_units IS 'Who is in which department, from when on. Empty until you fill it.';
COMMENT ON COLUMN ref.org_units.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.org_units.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN ref.org_units.department IS 'Department; null if none.';
COMMENT ON COLUMN ref.org_units.cost_center IS 'Cost centre; null if none.';
COMMENT ON COLUMN ref.org_units.valid_from IS 'First day of it; until the next row of the user.';

CREATE VIEW analytics.phone_minutes_monthly AS
 WITH units AS NOT MATERIALIZED (
         SELECT u.tenant_id,
            u.user_id,
            u.department,
            u.cost_center,
            u.valid_from,
            lead(u.valid_from, 1, 'infinity'::date) OVER (PARTITION BY u.user_id, u.tenant_id ORDER BY u.valid_from) AS valid_to
           FROM ref.org_units u
        )
 SELECT x.tenant_id,
    m.month,
    x.user_id,
    x.source,
    x.currency,
    round((COALESCE(x.in_s, (0)::numeric) / 60.0), 2) AS minutes_in,
    round((COALESCE(x.out_s, (0)::numeric) / 60.0), 2) AS minutes_out,
    round((COALESCE(x.international_out_s, (0)::numeric) / 60.0), 2) AS minutes_international_out,
    round((COALESCE(x.forwarded_s, (0)::numeric) / 60.0), 2) AS minutes_forwarded,
    x.calls,
    x.total_cost,
    x.last_call_at,
        CASE
            WHEN (own.user_id IS NULL) THEN general.department
            ELSE own.department
        END AS department,
        CASE
            WHEN (own.user_id IS NULL) THEN general.cost_center
            ELSE own.cost_center
        END AS cost_center
   FROM (((live.months m
     CROSS JOIN LATERAL ( SELECT p.tenant_id,
            p.user_id,
            p.source,
            p.currency,
            sum(p.in_s) AS in_s,
            sum(p.out_s) AS out_s,
            sum(p.international_out_s) AS international_out_s,
            sum(p.forwarded_s) AS forwarded_s,
            (sum(p.calls))::bigint AS calls,
            sum(p.total_cost) AS total_cost,
            max(p.last_call_at) AS last_call_at
           FROM rollup.phone_user_daily p
          WHERE ((p.day >= m.first_day) AND (p.day <= m.last_day) AND (p.user_id IS NOT NULL))
          GROUP BY p.tenant_id, p.user_id, p.source, p.currency) x)
     LEFT JOIN units own ON (((own.user_id = x.user_id) AND (own.tenant_id = x.tenant_id) AND (own.valid_from <= m.month) AND (own.valid_to > m.month))))
     LEFT JOIN units general ON (((general.user_id = x.user_id) AND (general.tenant_id IS NULL) AND (general.valid_from <= m.month) AND (general.valid_to > m.month))));
COMMENT ON VIEW analytics.phone_minutes_monthly IS 'One row per user and month with telephone calls, apart by source and currency. Key: tenant_id, month, user_id, source, currency. Filter on: month. Personal data.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.month IS 'First day of the month of the report time zone.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.currency IS 'ISO 4217 code of total_cost; null if not served and for Direct Routing.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_in IS 'Minutes of inbound calls.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_out IS 'Minutes of outbound calls.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_international_out IS 'Minutes of outbound calls abroad; a part of minutes_out.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.minutes_forwarded IS 'Minutes of calls forwarded to a telephone (scenario user_forward).';
COMMENT ON COLUMN analytics.phone_minutes_monthly.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.total_cost IS 'charge and connection_charge, in currency; null if none was served and for Direct Routing.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.last_call_at IS 'Attempt of the last call of the month.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.department IS 'Department of the user at the start of the month (ref.org_units); null if not listed.';
COMMENT ON COLUMN analytics.phone_minutes_monthly.cost_center IS 'Cost centre of the user at the start of the month (ref.org_units); null if not listed.';

CREATE TABLE rollup.poor_stream_rate_daily (
    tenant_id uuid,
    day date,
    media_kind text,
    call_kind text,
    streams bigint,
    good bigint,
    poor bigint,
    unclassified bigint,
    poor_pct numeric,
    poor_pct_all numeric
);
COMMENT ON TABLE rollup.poor_stream_rate_daily IS 'Rows of live.poor_stream_rate_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.streams IS 'Streams.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.unclassified IS 'Streams with too little to judge by.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN rollup.poor_stream_rate_daily.poor_pct_all IS 'poor in percent of all streams, 0 to 100.';

CREATE VIEW analytics.poor_stream_rate_daily AS
 SELECT x.tenant_id,
    x.day,
    x.media_kind,
    x.call_kind,
    x.streams,
    x.good,
    x.poor,
    x.unclassified,
    x.poor_pct,
    x.poor_pct_all,
    t.poor_pct AS target_pct,
    COALESCE((x.day < c.day), false) AS is_final
   FROM ((rollup.poor_stream_rate_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'poor_stream_rate_daily'::text))))
     LEFT JOIN LATERAL ( SELECT q.poor_pct
           FROM ref.quality_targets q
          WHERE ((q.media_kind = x.media_kind) AND (q.call_kind = x.call_kind) AND ((q.tenant_id = x.tenant_id) OR (q.tenant_id IS NULL)))
          ORDER BY q.tenant_id
         LIMIT 1) t ON ((x.media_kind = 'audio'::text)));
COMMENT ON VIEW analytics.poor_stream_rate_daily IS 'One row per day, kind of media and kind of call: how many streams were poor. Key: tenant_id, day, media_kind, call_kind. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.streams IS 'Streams.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.unclassified IS 'Streams with too little to judge by.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.poor_pct_all IS 'poor in percent of all streams, 0 to 100.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.target_pct IS 'What poor_pct should not exceed (ref.quality_targets), 0 to 100; null without a target, as for all but audio.';
COMMENT ON COLUMN analytics.poor_stream_rate_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE rollup.pstn_cost_daily (
    tenant_id uuid,
    day date,
    provider text,
    scenario text,
    direction text,
    destination_context text,
    destination_name text,
    usage_country_code text,
    license_capability text,
    currency text,
    calls bigint,
    answered bigint,
    duration_s bigint,
    minutes numeric,
    billed_minutes_estimate bigint,
    charge numeric,
    connection_charge numeric,
    total_cost numeric,
    free_calls bigint
);
COMMENT ON TABLE rollup.pstn_cost_daily IS 'Rows of live.pstn_cost_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.pstn_cost_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.pstn_cost_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.pstn_cost_daily.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN rollup.pstn_cost_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN rollup.pstn_cost_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN rollup.pstn_cost_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN rollup.pstn_cost_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN rollup.pstn_cost_daily.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.minutes IS 'duration_s in minutes, rounded to two places; null if no duration was served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.billed_minutes_estimate IS 'Minutes with each call rounded up, as most tariffs bill; null if no duration was served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.charge IS 'Cost without connection charges, in currency; null if none was served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.connection_charge IS 'Connection charges, in currency; null if none was served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN rollup.pstn_cost_daily.free_calls IS 'Calls that a fault at Microsoft left without a price (licence FREECALL).';

CREATE VIEW analytics.pstn_cost_daily AS
 SELECT x.tenant_id,
    x.day,
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
    x.minutes,
    x.billed_minutes_estimate,
    x.charge,
    x.connection_charge,
    x.total_cost,
    x.free_calls,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.pstn_cost_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'pstn_cost_daily'::text))));
COMMENT ON VIEW analytics.pstn_cost_daily IS 'One row per day and kind of PSTN call, with its cost. Key: tenant_id, day, provider, scenario, direction, destination_context, destination_name, usage_country_code, license_capability, currency. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.pstn_cost_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.pstn_cost_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.pstn_cost_daily.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN analytics.pstn_cost_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN analytics.pstn_cost_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.pstn_cost_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN analytics.pstn_cost_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN analytics.pstn_cost_daily.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.minutes IS 'duration_s in minutes, rounded to two places; null if no duration was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.billed_minutes_estimate IS 'Minutes with each call rounded up, as most tariffs bill; null if no duration was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.charge IS 'Cost without connection charges, in currency; null if none was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.connection_charge IS 'Connection charges, in currency; null if none was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN analytics.pstn_cost_daily.free_calls IS 'Calls that a fault at Microsoft left without a price (licence FREECALL).';
COMMENT ON COLUMN analytics.pstn_cost_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ref.license_pools (
    tenant_id uuid,
    license_capability text NOT NULL,
    usage_country text NOT NULL,
    context text NOT NULL,
    minutes_per_license integer NOT NULL,
    licenses integer NOT NULL
);
COMMENT ON TABLE ref.license_pools IS 'Licences bought, whose minutes are shared by all who have one in a country. Empty until you fill it.';
COMMENT ON COLUMN ref.license_pools.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.license_pools.license_capability IS 'Licence, as the PSTN log names it (ref.license_codes).';
COMMENT ON COLUMN ref.license_pools.usage_country IS 'ISO 3166-1 alpha-2 country of the users.';
COMMENT ON COLUMN ref.license_pools.context IS 'What the minutes are for: Domestic or International.';
COMMENT ON COLUMN ref.license_pools.minutes_per_license IS 'Minutes a month that each licence adds.';
COMMENT ON COLUMN ref.license_pools.licenses IS 'Licences bought.';

CREATE VIEW analytics.pstn_pool_usage_monthly AS
 SELECT x.tenant_id,
    m.month,
    x.license_capability,
    x.usage_country_code,
    x.destination_context,
    x.outbound_minutes,
    p.pool_minutes,
    (p.pool_minutes - x.outbound_minutes) AS left_minutes,
    round(((100.0 * (x.outbound_minutes)::numeric) / (NULLIF(p.pool_minutes, 0))::numeric), 2) AS used_pct
   FROM ((live.months m
     CROSS JOIN LATERAL ( SELECT c.tenant_id,
            c.license_capability,
            c.usage_country_code,
            c.destination_context,
            (sum(c.billed_minutes_estimate))::bigint AS outbound_minutes
           FROM rollup.pstn_cost_daily c
          WHERE ((c.day >= m.first_day) AND (c.day <= m.last_day) AND (c.direction = 'outbound'::text))
          GROUP BY c.tenant_id, c.license_capability, c.usage_country_code, c.destination_context) x)
     LEFT JOIN LATERAL ( SELECT ((l.minutes_per_license)::bigint * l.licenses) AS pool_minutes
           FROM ref.license_pools l
          WHERE ((l.license_capability = x.license_capability) AND (l.usage_country = x.usage_country_code) AND (analytics.lower_ascii(l.context) = analytics.lower_ascii(x.destination_context)) AND ((l.tenant_id = x.tenant_id) OR (l.tenant_id IS NULL)))
          ORDER BY l.tenant_id
         LIMIT 1) p ON (true));
COMMENT ON VIEW analytics.pstn_pool_usage_monthly IS 'One row per month, licence, country and context: how much of the pooled minutes is used. Months are of the report time zone, Microsoft''s of UTC. Key: tenant_id, month, license_capability, usage_country_code, destination_context. Filter on: month. No personal data.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.month IS 'First day of the month of the report time zone.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.outbound_minutes IS 'Minutes of outbound PSTN calls, each rounded up.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.pool_minutes IS 'Minutes in the pool (ref.license_pools: licences times minutes); null without a pool.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.left_minutes IS 'pool_minutes less outbound_minutes, below 0 when overdrawn; null without a pool.';
COMMENT ON COLUMN analytics.pstn_pool_usage_monthly.used_pct IS 'outbound_minutes in percent of pool_minutes, 0 to 100, above when overdrawn; null without a pool.';

CREATE VIEW analytics.pstn_usage_export AS
 SELECT p.id AS "UsageId",
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
COMMENT ON VIEW analytics.pstn_usage_export IS 'The PSTN log under the headings, and in their order, of the export of Microsoft''s admin center, for spreadsheets and billing imports made for that. Key: tenant_id, UsageId. Filter on: Start Time. Personal data.';
COMMENT ON COLUMN analytics.pstn_usage_export."UsageId" IS 'Id of the row (Graph: id).';
COMMENT ON COLUMN analytics.pstn_usage_export."Call ID" IS 'Id of the call (Graph: callId), shared by its legs; null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Conference ID" IS 'Id of the audio conference (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN analytics.pstn_usage_export."User Location" IS 'ISO 3166-1 alpha-2 country of the user (Graph: usageCountryCode); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."AAD ObjectId" IS 'Entra object id of the user (Graph: userId); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."UPN" IS 'User principal name (Graph: userPrincipalName); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."User Display Name" IS 'Display name (Graph: userDisplayName); null for bots.';
COMMENT ON COLUMN analytics.pstn_usage_export."Caller ID" IS 'Number of the caller (Graph: callerNumber); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Call Type" IS 'Type of the call (Graph: callType), such as user_in; null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Number Type" IS 'Type of the user''s number (Graph: inventoryType); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Domestic/International" IS 'Domestic or International (Graph: destinationContext); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Destination Dialed" IS 'Country or region dialed, in English (Graph: destinationName); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Destination Number" IS 'Number called (Graph: calleeNumber); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Start Time" IS 'Start of the call (Graph: startDateTime); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."End Time" IS 'End of the call (Graph: endDateTime); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Duration Seconds" IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Connection Fee" IS 'Fee for the connection, in "Currency" (Graph: connectionCharge); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Charge" IS 'Cost without the fee, in "Currency" (Graph: charge); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Currency" IS 'ISO 4217 code of fee and charge (Graph: currency); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export."Capability" IS 'Licence the call was charged to (Graph: licenseCapability); null if not served.';
COMMENT ON COLUMN analytics.pstn_usage_export.tenant_id IS 'Entra tenant id.';

CREATE TABLE rollup.sms_usage_daily (
    tenant_id uuid,
    day date,
    user_id uuid,
    direction text,
    destination_context text,
    currency text,
    messages bigint,
    units bigint,
    charge numeric
);
COMMENT ON TABLE rollup.sms_usage_daily IS 'Rows of live.sms_usage_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.sms_usage_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.sms_usage_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.sms_usage_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN rollup.sms_usage_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN rollup.sms_usage_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN rollup.sms_usage_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN rollup.sms_usage_daily.messages IS 'Messages.';
COMMENT ON COLUMN rollup.sms_usage_daily.units IS 'Parts that the messages were billed as; null if not served.';
COMMENT ON COLUMN rollup.sms_usage_daily.charge IS 'Cost, in currency; null if none was served.';

CREATE VIEW analytics.sms_usage_daily AS
 SELECT x.tenant_id,
    x.day,
    x.user_id,
    x.direction,
    x.destination_context,
    x.currency,
    x.messages,
    x.units,
    x.charge,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.sms_usage_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'sms_usage_daily'::text))));
COMMENT ON VIEW analytics.sms_usage_daily IS 'One row per day, user, direction, context and currency with text messages. Key: tenant_id, day, user_id, direction, destination_context, currency. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.sms_usage_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.sms_usage_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.sms_usage_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.sms_usage_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN analytics.sms_usage_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN analytics.sms_usage_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN analytics.sms_usage_daily.messages IS 'Messages.';
COMMENT ON COLUMN analytics.sms_usage_daily.units IS 'Parts that the messages were billed as; null if not served.';
COMMENT ON COLUMN analytics.sms_usage_daily.charge IS 'Cost, in currency; null if none was served.';
COMMENT ON COLUMN analytics.sms_usage_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE ingest.unknown_members (
    endpoint text NOT NULL COLLATE pg_catalog."C",
    member text NOT NULL COLLATE pg_catalog."C",
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE ingest.unknown_members IS 'Members that Graph serves and that have no column, whatever the tenant. Their values are in unknown_fields of the rows.';
COMMENT ON COLUMN ingest.unknown_members.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.unknown_members.member IS 'Name of the member, behind that of its table if it is not the endpoint''s. From the 51st of an endpoint on, and of a strange name: other.';
COMMENT ON COLUMN ingest.unknown_members.first_seen_at IS 'When it was first served, by the database''s clock.';

CREATE VIEW live.rows_with_unknown AS
 SELECT call_records.tenant_id,
    'call_records'::text AS table_name,
    call_records.unknown_fields,
    call_records.updated_at AS seen_at
   FROM teams.call_records
  WHERE (call_records.unknown_fields IS NOT NULL)
UNION ALL
 SELECT pstn_calls.tenant_id,
    'pstn_calls'::text AS table_name,
    pstn_calls.unknown_fields,
    pstn_calls.updated_at AS seen_at
   FROM teams.pstn_calls
  WHERE (pstn_calls.unknown_fields IS NOT NULL)
UNION ALL
 SELECT direct_routing_calls.tenant_id,
    'direct_routing_calls'::text AS table_name,
    direct_routing_calls.unknown_fields,
    direct_routing_calls.updated_at AS seen_at
   FROM teams.direct_routing_calls
  WHERE (direct_routing_calls.unknown_fields IS NOT NULL)
UNION ALL
 SELECT sms_messages.tenant_id,
    'sms_messages'::text AS table_name,
    sms_messages.unknown_fields,
    sms_messages.updated_at AS seen_at
   FROM teams.sms_messages
  WHERE (sms_messages.unknown_fields IS NOT NULL)
UNION ALL
 SELECT pstn_blocked_users_log.tenant_id,
    'pstn_blocked_users_log'::text AS table_name,
    pstn_blocked_users_log.unknown_fields,
    pstn_blocked_users_log.updated_at AS seen_at
   FROM teams.pstn_blocked_users_log
  WHERE (pstn_blocked_users_log.unknown_fields IS NOT NULL)
UNION ALL
 SELECT dialout_report.tenant_id,
    'dialout_report'::text AS table_name,
    dialout_report.unknown_fields,
    dialout_report.updated_at AS seen_at
   FROM teams.dialout_report
  WHERE (dialout_report.unknown_fields IS NOT NULL)
UNION ALL
 SELECT d.tenant_id,
    d.table_name,
    d.unknown_fields,
    c.updated_at AS seen_at
   FROM (( SELECT call_participants.tenant_id,
            'call_participants'::text AS table_name,
            call_participants.call_id,
            call_participants.unknown_fields
           FROM teams.call_participants
          WHERE (call_participants.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT sessions.tenant_id,
            'sessions'::text,
            sessions.call_id,
            sessions.unknown_fields
           FROM teams.sessions
          WHERE (sessions.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT segments.tenant_id,
            'segments'::text,
            segments.call_id,
            segments.unknown_fields
           FROM teams.segments
          WHERE (segments.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT session_endpoints.tenant_id,
            'session_endpoints'::text,
            session_endpoints.call_id,
            session_endpoints.unknown_fields
           FROM teams.session_endpoints
          WHERE (session_endpoints.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT segment_endpoints.tenant_id,
            'segment_endpoints'::text,
            segment_endpoints.call_id,
            segment_endpoints.unknown_fields
           FROM teams.segment_endpoints
          WHERE (segment_endpoints.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT segment_media.tenant_id,
            'segment_media'::text,
            segment_media.call_id,
            segment_media.unknown_fields
           FROM teams.segment_media
          WHERE (segment_media.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT media_endpoints.tenant_id,
            'media_endpoints'::text,
            media_endpoints.call_id,
            media_endpoints.unknown_fields
           FROM teams.media_endpoints
          WHERE (media_endpoints.unknown_fields IS NOT NULL)
        UNION ALL
         SELECT media_streams.tenant_id,
            'media_streams'::text,
            media_streams.call_id,
            media_streams.unknown_fields
           FROM teams.media_streams
          WHERE (media_streams.unknown_fields IS NOT NULL)) d
     JOIN teams.call_records c ON (((c.tenant_id = d.tenant_id) AND (c.id = d.call_id))));
COMMENT ON VIEW live.rows_with_unknown IS 'Rows that have members without a column.';
COMMENT ON COLUMN live.rows_with_unknown.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.rows_with_unknown.table_name IS 'Table in schema teams.';
COMMENT ON COLUMN live.rows_with_unknown.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.rows_with_unknown.seen_at IS 'When Graph served them.';

CREATE VIEW analytics.unknown_fields AS
 SELECT r.tenant_id,
    m.table_name,
    m.name,
    r.rows,
    r.first_seen_at,
    r.last_seen_at
   FROM (( SELECT
                CASE
                    WHEN (unknown_members.member ~~ '%.%'::text) THEN split_part(unknown_members.member, '.'::text, 1)
                    ELSE unknown_members.endpoint
                END AS table_name,
            regexp_replace(unknown_members.member, '^.*\.'::text, ''::text) AS name
           FROM ingest.unknown_members
          WHERE (unknown_members.member <> 'other'::text)) m
     CROSS JOIN LATERAL ( SELECT u.tenant_id,
            count(*) AS rows,
            min(u.seen_at) AS first_seen_at,
            max(u.seen_at) AS last_seen_at
           FROM live.rows_with_unknown u
          WHERE ((u.table_name = m.table_name) AND jsonb_path_exists(u.unknown_fields, (('$.**.'::text || to_json(m.name)))::jsonpath))
          GROUP BY u.tenant_id) r);
COMMENT ON VIEW analytics.unknown_fields IS 'One row per member that Graph sends and no column takes, without values: these are in unknown_fields of the tables. Key: tenant_id, table_name, name. Filter on: nothing. No personal data.';
COMMENT ON COLUMN analytics.unknown_fields.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.unknown_fields.table_name IS 'Table in schema teams.';
COMMENT ON COLUMN analytics.unknown_fields.name IS 'Name of the member.';
COMMENT ON COLUMN analytics.unknown_fields.rows IS 'Rows it was seen in.';
COMMENT ON COLUMN analytics.unknown_fields.first_seen_at IS 'When it was first seen.';
COMMENT ON COLUMN analytics.unknown_fields.last_seen_at IS 'When it was last seen.';

CREATE TABLE rollup.user_activity_daily (
    tenant_id uuid,
    day date,
    user_id uuid,
    p2p_calls bigint,
    group_calls bigint,
    organized bigint,
    talk_s double precision,
    phone_in bigint,
    phone_out bigint,
    phone_s bigint,
    missed bigint,
    sms bigint,
    streams bigint,
    poor_streams bigint
);
COMMENT ON TABLE rollup.user_activity_daily IS 'Rows of live.user_activity_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.user_activity_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.user_activity_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.user_activity_daily.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN rollup.user_activity_daily.p2p_calls IS 'Calls of two.';
COMMENT ON COLUMN rollup.user_activity_daily.group_calls IS 'Meetings and group calls.';
COMMENT ON COLUMN rollup.user_activity_daily.organized IS 'Calls that the user organized.';
COMMENT ON COLUMN rollup.user_activity_daily.talk_s IS 'Time in sessions with audio of the day''s calls, in seconds; two at once count once.';
COMMENT ON COLUMN rollup.user_activity_daily.phone_in IS 'Inbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN rollup.user_activity_daily.phone_out IS 'Outbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN rollup.user_activity_daily.phone_s IS 'Time on the telephone by both phone logs, in seconds.';
COMMENT ON COLUMN rollup.user_activity_daily.missed IS 'Missed calls (missed_calls).';
COMMENT ON COLUMN rollup.user_activity_daily.sms IS 'Text messages, either direction.';
COMMENT ON COLUMN rollup.user_activity_daily.streams IS 'Streams with the user on either side; one between two users counts for both.';
COMMENT ON COLUMN rollup.user_activity_daily.poor_streams IS 'Streams of quality poor among these.';

CREATE VIEW analytics.user_activity_daily AS
 SELECT x.tenant_id,
    x.day,
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
    x.poor_streams,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.user_activity_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'user_activity_daily'::text))));
COMMENT ON VIEW analytics.user_activity_daily IS 'One row per day and user with calls, meetings or messages; people of other companies, who are not in users, too. Key: tenant_id, day, user_id. Filter on: day. Personal data.';
COMMENT ON COLUMN analytics.user_activity_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.user_activity_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.user_activity_daily.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN analytics.user_activity_daily.p2p_calls IS 'Calls of two.';
COMMENT ON COLUMN analytics.user_activity_daily.group_calls IS 'Meetings and group calls.';
COMMENT ON COLUMN analytics.user_activity_daily.organized IS 'Calls that the user organized.';
COMMENT ON COLUMN analytics.user_activity_daily.talk_s IS 'Time in sessions with audio of the day''s calls, in seconds; two at once count once.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_in IS 'Inbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_out IS 'Outbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN analytics.user_activity_daily.phone_s IS 'Time on the telephone by both phone logs, in seconds.';
COMMENT ON COLUMN analytics.user_activity_daily.missed IS 'Missed calls (missed_calls).';
COMMENT ON COLUMN analytics.user_activity_daily.sms IS 'Text messages, either direction.';
COMMENT ON COLUMN analytics.user_activity_daily.streams IS 'Streams with the user on either side; one between two users counts for both.';
COMMENT ON COLUMN analytics.user_activity_daily.poor_streams IS 'Streams of quality poor among these.';
COMMENT ON COLUMN analytics.user_activity_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE VIEW analytics.user_feedback AS
 SELECT c.tenant_id,
    c.id AS call_id,
    e.session_index,
    e.side,
    c.start_at AS call_start_at,
    c.call_kind,
    e.user_id,
    e.platform,
    e.feedback_rating,
    e.feedback_text,
    (e.feedback_tokens)::text AS feedback_tokens
   FROM (live.calls c
     JOIN teams.session_endpoints e ON (((e.tenant_id = c.tenant_id) AND (e.call_id = c.id))))
  WHERE ((analytics.lower_ascii(e.feedback_rating) <> 'notrated'::text) AND (NOT (EXISTS ( SELECT
           FROM teams.sessions s
          WHERE (s.is_test AND (s.tenant_id = e.tenant_id) AND (s.call_id = e.call_id) AND (s.session_index = e.session_index))))));
COMMENT ON VIEW analytics.user_feedback IS 'One row per rating that a person gave after a call. Key: tenant_id, call_id, session_index, side. Filter on: call_start_at. Personal data.';
COMMENT ON COLUMN analytics.user_feedback.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.user_feedback.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN analytics.user_feedback.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN analytics.user_feedback.side IS 'Side of the session that rated. One of: caller, callee.';
COMMENT ON COLUMN analytics.user_feedback.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN analytics.user_feedback.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.user_feedback.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN analytics.user_feedback.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.user_feedback.feedback_rating IS 'The rating as Graph says it, such as bad, poor, fair, good, excellent.';
COMMENT ON COLUMN analytics.user_feedback.feedback_text IS 'What the person wrote; null if nothing.';
COMMENT ON COLUMN analytics.user_feedback.feedback_tokens IS 'What the person ticked, as JSON: names of complaints, each true or false; null if nothing.';

CREATE TABLE rollup.user_feedback_daily (
    tenant_id uuid,
    day date,
    call_kind text,
    platform text,
    rated bigint,
    poor bigint,
    poor_pct numeric,
    avg_rating numeric
);
COMMENT ON TABLE rollup.user_feedback_daily IS 'Rows of live.user_feedback_daily, computed anew where data has changed.';
COMMENT ON COLUMN rollup.user_feedback_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.user_feedback_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN rollup.user_feedback_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN rollup.user_feedback_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN rollup.user_feedback_daily.rated IS 'Ratings given.';
COMMENT ON COLUMN rollup.user_feedback_daily.poor IS 'Ratings bad or poor.';
COMMENT ON COLUMN rollup.user_feedback_daily.poor_pct IS 'poor in percent of rated, 0 to 100.';
COMMENT ON COLUMN rollup.user_feedback_daily.avg_rating IS 'Mean rating, 1 (bad) to 5 (excellent); null if only unknown words were given.';

CREATE VIEW analytics.user_feedback_daily AS
 SELECT x.tenant_id,
    x.day,
    x.call_kind,
    x.platform,
    x.rated,
    x.poor,
    x.poor_pct,
    x.avg_rating,
    COALESCE((x.day < c.day), false) AS is_final
   FROM (rollup.user_feedback_daily x
     LEFT JOIN live.complete_through c ON (((c.tenant_id = x.tenant_id) AND (c.name = 'user_feedback_daily'::text))));
COMMENT ON VIEW analytics.user_feedback_daily IS 'One row per day, kind of call and platform with ratings. Key: tenant_id, day, call_kind, platform. Filter on: day. No personal data.';
COMMENT ON COLUMN analytics.user_feedback_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.user_feedback_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN analytics.user_feedback_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN analytics.user_feedback_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN analytics.user_feedback_daily.rated IS 'Ratings given.';
COMMENT ON COLUMN analytics.user_feedback_daily.poor IS 'Ratings bad or poor.';
COMMENT ON COLUMN analytics.user_feedback_daily.poor_pct IS 'poor in percent of rated, 0 to 100.';
COMMENT ON COLUMN analytics.user_feedback_daily.avg_rating IS 'Mean rating, 1 (bad) to 5 (excellent); null if only unknown words were given.';
COMMENT ON COLUMN analytics.user_feedback_daily.is_final IS 'Whether its data is complete: it ends before complete_through (ingest_freshness) of all endpoints it is made of.';

CREATE TABLE teams.users (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    display_name text,
    principal_name text,
    first_seen_on date NOT NULL,
    last_seen_on date NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON TABLE teams.users IS 'Users as the rows of the other tables name them, by their newest event. Refreshed after each run, from the rows that have changed (ingest.marks).';
COMMENT ON COLUMN teams.users.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN teams.users.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN teams.users.display_name IS 'Newest display name; null if none was ever served.';
COMMENT ON COLUMN teams.users.principal_name IS 'Newest user principal name; null if none was ever served.';
COMMENT ON COLUMN teams.users.first_seen_on IS 'UTC day of the user''s first event here.';
COMMENT ON COLUMN teams.users.last_seen_on IS 'UTC day of the user''s last event here.';
COMMENT ON COLUMN teams.users.source IS 'The endpoint whose row last named the user.';

CREATE VIEW analytics.users AS
 SELECT u.tenant_id,
    u.user_id,
    u.display_name,
    u.principal_name,
    o.department,
    o.cost_center
   FROM (teams.users u
     LEFT JOIN LATERAL ( SELECT g.department,
            g.cost_center
           FROM ref.org_units g
          WHERE ((g.user_id = u.user_id) AND ((g.tenant_id = u.tenant_id) OR (g.tenant_id IS NULL)) AND (g.valid_from <= ((now() AT TIME ZONE ( SELECT settings.report_timezone
                   FROM ref.settings)))::date))
          ORDER BY g.tenant_id, g.valid_from DESC
         LIMIT 1) o ON (true));
COMMENT ON VIEW analytics.users IS 'One row per user that any row ever named. Key: tenant_id, user_id. Filter on: nothing. Personal data.';
COMMENT ON COLUMN analytics.users.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.users.user_id IS 'Entra object id of the user.';
COMMENT ON COLUMN analytics.users.display_name IS 'Newest display name; null if none was ever served.';
COMMENT ON COLUMN analytics.users.principal_name IS 'Newest user principal name; null if none was ever served.';
COMMENT ON COLUMN analytics.users.department IS 'Department of today (ref.org_units); null if not listed.';
COMMENT ON COLUMN analytics.users.cost_center IS 'Cost centre of today (ref.org_units); null if not listed.';

CREATE TABLE ingest.backfills (
    backfill_id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    span_from timestamp with time zone NOT NULL,
    span_to timestamp with time zone NOT NULL,
    since timestamp with time zone NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    slots integer DEFAULT 0 NOT NULL,
    slots_read integer DEFAULT 0 NOT NULL,
    rows bigint DEFAULT 0 NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    result text,
    error text
);
COMMENT ON TABLE ingest.backfills IS 'Spans that someone asked to have read again, handed to the daemon that works on the tenant.';
COMMENT ON COLUMN ingest.backfills.backfill_id IS 'Number of the request.';
COMMENT ON COLUMN ingest.backfills.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.backfills.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.backfills.span_from IS 'Start of the span, included.';
COMMENT ON COLUMN ingest.backfills.span_to IS 'End of the span, excluded.';
COMMENT ON COLUMN ingest.backfills.since IS 'Slots that were read since then are left out.';
COMMENT ON COLUMN ingest.backfills.requested_at IS 'When it was asked for, by the database''s clock.';
COMMENT ON COLUMN ingest.backfills.started_at IS 'When the daemon took it up; null before.';
COMMENT ON COLUMN ingest.backfills.finished_at IS 'When it ended, well or not; null before.';
COMMENT ON COLUMN ingest.backfills.slots IS 'Slots in the span.';
COMMENT ON COLUMN ingest.backfills.slots_read IS 'Slots of the span read so far.';
COMMENT ON COLUMN ingest.backfills.rows IS 'Rows inserted or updated so far.';
COMMENT ON COLUMN ingest.backfills.requests IS 'Requests sent to Graph so far, repeated ones included.';
COMMENT ON COLUMN ingest.backfills.result IS 'As ingest.runs.result, or cancelled; null while it is open.';
COMMENT ON COLUMN ingest.backfills.error IS 'What went wrong, with the next step; null if nothing. Never quotes row values.';

ALTER TABLE ingest.backfills ALTER COLUMN backfill_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ingest.backfills_backfill_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ingest.changed_days (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    change_xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
COMMENT ON TABLE ingest.changed_days IS 'Days of which something was computed anew (by a refresh of the rollups), for those who copy views by day.';
COMMENT ON COLUMN ingest.changed_days.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.changed_days.day IS 'Day in the report time zone (ref.days).';
COMMENT ON COLUMN ingest.changed_days.change_xid IS 'Transaction of the last refresh of the day: it saw all that had changed before.';

CREATE TABLE ingest.daemons (
    daemon_id uuid NOT NULL,
    host text NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    heartbeat_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE ingest.daemons IS 'One row per process that read as a daemon (ingestd run), kept for 90 days.';
COMMENT ON COLUMN ingest.daemons.daemon_id IS 'Made anew at each start.';
COMMENT ON COLUMN ingest.daemons.host IS 'Name of the machine it runs on.';
COMMENT ON COLUMN ingest.daemons.version IS 'Version of the program.';
COMMENT ON COLUMN ingest.daemons.started_at IS 'Start, by the database''s clock.';
COMMENT ON COLUMN ingest.daemons.heartbeat_at IS 'Its last sign of life, by the database''s clock. It is given by what starts the runs, about once a minute.';

CREATE TABLE ingest.erasures (
    tenant_id uuid NOT NULL,
    erasure_id bigint NOT NULL,
    known_by text NOT NULL,
    hash bytea,
    needed_until timestamp with time zone NOT NULL,
    found jsonb NOT NULL,
    program text NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT erasures_known_by_check CHECK ((known_by = ANY (ARRAY['user'::text, 'number'::text])))
);
COMMENT ON TABLE ingest.erasures IS 'Persons that were taken out of all that is stored, and are kept out of what is read; it does not say who.';
COMMENT ON COLUMN ingest.erasures.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.erasures.erasure_id IS 'Number of the erasure.';
COMMENT ON COLUMN ingest.erasures.known_by IS 'What the person was named by. One of: user, number.';
COMMENT ON COLUMN ingest.erasures.hash IS 'HMAC-SHA256 of the user id or number, with a key of the tenant made of its secret; null once it is no longer needed.';
COMMENT ON COLUMN ingest.erasures.needed_until IS 'Until when Graph may serve what was before the erasure.';
COMMENT ON COLUMN ingest.erasures.found IS 'How many rows of which table named the person when it began.';
COMMENT ON COLUMN ingest.erasures.program IS 'Version of the program.';
COMMENT ON COLUMN ingest.erasures.begun_at IS 'When it began.';
COMMENT ON COLUMN ingest.erasures.finished_at IS 'When nothing of the person was found any more; null before that.';

ALTER TABLE ingest.erasures ALTER COLUMN erasure_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ingest.erasures_erasure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ingest.grants (
    role text NOT NULL,
    access text NOT NULL,
    tenant_id uuid
);
COMMENT ON TABLE ingest.grants IS 'The roles that were given rights by ingestd migrate grant. A migration gives them what it adds.';
COMMENT ON COLUMN ingest.grants.role IS 'Name of the role; of readers of one tenant also of the schema they read.';
COMMENT ON COLUMN ingest.grants.access IS 'write: what a daemon does. personal: reads analytics, ref and teams. aggregates: reads what has no personal data of analytics and ref. tenant: reads one tenant.';
COMMENT ON COLUMN ingest.grants.tenant_id IS 'The tenant of access tenant; null otherwise.';

CREATE TABLE ingest.marks (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    xid xid8 NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE ingest.marks IS 'How far derived work has come: tables that follow from what Graph served, made after it is stored.';
COMMENT ON COLUMN ingest.marks.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.marks.endpoint IS 'The endpoint whose table is worked through.';
COMMENT ON COLUMN ingest.marks.name IS 'The work: users (teams.users).';
COMMENT ON COLUMN ingest.marks.xid IS 'All rows of the table whose change_xid is lower are done.';
COMMENT ON COLUMN ingest.marks.moved_at IS 'When it last moved, by the database''s clock.';

CREATE TABLE ingest.rejects (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    sha256 bytea NOT NULL,
    key text COLLATE pg_catalog."C",
    reason text NOT NULL,
    stored boolean NOT NULL,
    raw bytea NOT NULL,
    run_id bigint NOT NULL,
    served_at timestamp with time zone NOT NULL,
    slot_from timestamp with time zone,
    slot_to timestamp with time zone,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    resolution text
);
COMMENT ON TABLE ingest.rejects IS 'Elements kept raw because they could not be stored as served. Holds personal data.';
COMMENT ON COLUMN ingest.rejects.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.rejects.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.rejects.sha256 IS 'SHA-256 of raw.';
COMMENT ON COLUMN ingest.rejects.key IS 'Key of the element; null if it has none that fits.';
COMMENT ON COLUMN ingest.rejects.reason IS 'Why. Never quotes a value.';
COMMENT ON COLUMN ingest.rejects.stored IS 'Whether its rows are stored too, with what PostgreSQL cannot hold replaced.';
COMMENT ON COLUMN ingest.rejects.raw IS 'The element''s bytes as served.';
COMMENT ON COLUMN ingest.rejects.run_id IS 'The run that met it first (ingest.runs).';
COMMENT ON COLUMN ingest.rejects.served_at IS 'Graph''s time of the page it came in.';
COMMENT ON COLUMN ingest.rejects.slot_from IS 'Start of the slots whose reading met it last; null if it was met otherwise.';
COMMENT ON COLUMN ingest.rejects.slot_to IS 'End of those slots.';
COMMENT ON COLUMN ingest.rejects.seen_at IS 'When it was kept, by the database''s clock.';
COMMENT ON COLUMN ingest.rejects.resolved_at IS 'When it was closed; null while open.';
COMMENT ON COLUMN ingest.rejects.resolution IS 'stored: a later answer for the same key was stored, or this one after all. dropped: someone wants it no more. Null while open.';

CREATE TABLE ingest.rewrites (
    tenant_id uuid NOT NULL,
    endpoint text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    "position" text[] NOT NULL
);
COMMENT ON TABLE ingest.rewrites IS 'Where those stand who make stored rows anew, as for other modes of personal data. Forgotten when all are done.';
COMMENT ON COLUMN ingest.rewrites.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.rewrites.endpoint IS 'Name of the endpoint.';
COMMENT ON COLUMN ingest.rewrites.name IS 'What the rows are made anew for.';
COMMENT ON COLUMN ingest.rewrites."position" IS 'Key of the last row done, in the order of keys.';

ALTER TABLE ingest.runs ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ingest.runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ingest.schema_version (
    version integer NOT NULL
);
COMMENT ON TABLE ingest.schema_version IS 'One row: the last migration that was applied. Each notes itself in the transaction that does its work, so an interrupted one is told from a finished one.';
COMMENT ON COLUMN ingest.schema_version.version IS 'Number of the migration.';

CREATE TABLE ingest.subscriptions (
    tenant_id uuid NOT NULL,
    subscription_id uuid,
    notification_url text NOT NULL,
    client_state_hash bytea NOT NULL,
    expires_at timestamp with time zone,
    renewed_at timestamp with time zone,
    reauthorize boolean DEFAULT false NOT NULL,
    missed_at timestamp with time zone,
    notified_at timestamp with time zone,
    usual_gap_s double precision,
    error text
);
COMMENT ON TABLE ingest.subscriptions IS 'One row per tenant whose changes Graph is asked to notify of. Times are Graph''s.';
COMMENT ON COLUMN ingest.subscriptions.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.subscriptions.subscription_id IS 'Graph''s id of the subscription; null while it is being made.';
COMMENT ON COLUMN ingest.subscriptions.notification_url IS 'Where Graph sends notifications.';
COMMENT ON COLUMN ingest.subscriptions.client_state_hash IS 'SHA-256 of the secret that each notification bears.';
COMMENT ON COLUMN ingest.subscriptions.expires_at IS 'When the subscription ends unless it is renewed.';
COMMENT ON COLUMN ingest.subscriptions.renewed_at IS 'When it was made or renewed last.';
COMMENT ON COLUMN ingest.subscriptions.reauthorize IS 'Whether Graph has asked for it to be renewed since.';
COMMENT ON COLUMN ingest.subscriptions.missed_at IS 'When notifications were last known to be missing, as Graph said so, the subscription was gone, or they could not be read; null if never.';
COMMENT ON COLUMN ingest.subscriptions.notified_at IS 'When a notification last came that told a call record; null if none did.';
COMMENT ON COLUMN ingest.subscriptions.usual_gap_s IS 'Usual seconds between notifications, those of five seconds taken as one; null before the second.';
COMMENT ON COLUMN ingest.subscriptions.error IS 'Why it could not be made, found or renewed, or what it brings not be read, with the next step; null if it could.';

CREATE TABLE ingest.tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    cloud text NOT NULL,
    credential_kind text NOT NULL,
    credential_ends_at timestamp with time zone,
    clock_skew_s double precision,
    daemon_id uuid
);
COMMENT ON TABLE ingest.tenants IS 'One row per tenant: how it is configured, and what is known of its access. Written by whoever reads it.';
COMMENT ON COLUMN ingest.tenants.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.tenants.name IS 'Name in the configuration.';
COMMENT ON COLUMN ingest.tenants.cloud IS 'Microsoft cloud it lives in: global, usgov-l4, usgov-l5 or custom.';
COMMENT ON COLUMN ingest.tenants.credential_kind IS 'What tokens are asked for with: client_secret, certificate, federated_token or managed_identity.';
COMMENT ON COLUMN ingest.tenants.credential_ends_at IS 'Until when the credential is valid; null if not known.';
COMMENT ON COLUMN ingest.tenants.clock_skew_s IS 'Graph''s clock minus the local one, in seconds, as of the last run; null if not known.';
COMMENT ON COLUMN ingest.tenants.daemon_id IS 'The daemon that works on it, or did last (ingest.daemons); null if none ever did.';

CREATE TABLE ingest.told_records (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    told_at timestamp with time zone NOT NULL,
    due boolean DEFAULT true NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE ingest.told_records IS 'Call records that notifications told of in the last day. Times are Graph''s.';
COMMENT ON COLUMN ingest.told_records.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.told_records.call_id IS 'The call, which need not exist: it is what a notification said.';
COMMENT ON COLUMN ingest.told_records.times IS 'How often it was told.';
COMMENT ON COLUMN ingest.told_records.told_at IS 'When it was told last.';
COMMENT ON COLUMN ingest.told_records.due IS 'Whether it is to be asked for, at next_at.';
COMMENT ON COLUMN ingest.told_records.attempts IS 'How often in a row nothing new came of it. After a few it is left to the list of call records.';
COMMENT ON COLUMN ingest.told_records.next_at IS 'It is not asked for before that.';

ALTER TABLE ingest.tombstones ALTER COLUMN tombstone_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ingest.tombstones_tombstone_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW live.call_reliability_daily AS
 SELECT x.tenant_id,
    d.day,
    x.call_kind,
    x.segments,
    x.setup_failed,
    x.dropped,
    analytics.pct((x.setup_failed)::numeric, (x.segments)::numeric) AS setup_failure_pct,
    analytics.pct((x.dropped)::numeric, ((x.segments - x.setup_failed))::numeric) AS drop_pct
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT c.tenant_id,
            c.call_kind,
            count(*) AS segments,
            count(*) FILTER (WHERE (analytics.lower_ascii(g.failure_stage) = 'callsetup'::text)) AS setup_failed,
            count(*) FILTER (WHERE (analytics.lower_ascii(g.failure_stage) = 'midcall'::text)) AS dropped
           FROM (live.calls c
             JOIN teams.segments g ON (((g.tenant_id = c.tenant_id) AND (g.call_id = c.id))))
          WHERE ((c.start_at >= d.from_at) AND (c.start_at < d.to_at) AND (NOT (EXISTS ( SELECT
                   FROM teams.sessions s
                  WHERE (s.is_test AND (s.tenant_id = g.tenant_id) AND (s.call_id = g.call_id) AND (s.session_index = g.session_index))))))
          GROUP BY c.tenant_id, c.call_kind) x);
COMMENT ON VIEW live.call_reliability_daily IS 'Computes the rows of analytics.call_reliability_daily from teams.';
COMMENT ON COLUMN live.call_reliability_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.call_reliability_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.call_reliability_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN live.call_reliability_daily.segments IS 'Segments of the day''s calls.';
COMMENT ON COLUMN live.call_reliability_daily.setup_failed IS 'Segments whose setup failed (failure stage callSetup).';
COMMENT ON COLUMN live.call_reliability_daily.dropped IS 'Segments that were dropped (failure stage midcall).';
COMMENT ON COLUMN live.call_reliability_daily.setup_failure_pct IS 'setup_failed in percent of segments, 0 to 100.';
COMMENT ON COLUMN live.call_reliability_daily.drop_pct IS 'dropped in percent of the segments that were set up, 0 to 100; null if none was.';

CREATE VIEW live.phone_calls AS
 SELECT t.tenant_id,
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
    t.answered_at,
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
    t.is_number_masked,
    t.is_international,
    t.destination_context,
    t.destination_name,
    t.charge,
    t.connection_charge,
    t.total_cost,
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
    t.administrative_unit_ids,
        CASE
            WHEN (((t.user_id)::text IN ( SELECT i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NULL))) OR ((t.tenant_id, (t.user_id)::text) IN ( SELECT i.tenant_id,
                i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NOT NULL)))) THEN NULL::uuid
            ELSE t.user_id
        END AS person_id
   FROM analytics.telephony_calls t;
COMMENT ON VIEW live.phone_calls IS 'Rows of both phone logs with the person (analytics.telephony_calls).';
COMMENT ON COLUMN live.phone_calls.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.phone_calls.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN live.phone_calls.source_row_id IS 'Id of the row in teams.pstn_calls or teams.direct_routing_calls.';
COMMENT ON COLUMN live.phone_calls.call_id IS 'Id of the call: of Direct Routing the correlation id, with or without a call record; of PSTN the call record it was matched with; null if none was.';
COMMENT ON COLUMN live.phone_calls.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN live.phone_calls.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.phone_calls.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN live.phone_calls.call_type IS 'Type of the call as served (Graph: callType); null if not served.';
COMMENT ON COLUMN live.phone_calls.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN live.phone_calls.user_principal_name IS 'User principal name at that time; null for bots.';
COMMENT ON COLUMN live.phone_calls.user_display_name IS 'Display name at that time; null for bots.';
COMMENT ON COLUMN live.phone_calls.attempt_at IS 'When the call was tried: of Direct Routing the INVITE, else the start; of PSTN the start; null if not served.';
COMMENT ON COLUMN live.phone_calls.answered_at IS 'When it was answered; null if it was not.';
COMMENT ON COLUMN live.phone_calls.ended_at IS 'End, or of failed calls of Direct Routing the failure; null if not served.';
COMMENT ON COLUMN live.phone_calls.duration_s IS 'Time connected, in seconds (Graph: duration); null if not served.';
COMMENT ON COLUMN live.phone_calls.answered IS 'Whether it was answered: of Direct Routing as Graph says (successfulCall), of PSTN by duration_s above 0; null if not served.';
COMMENT ON COLUMN live.phone_calls.outcome IS 'How it ended: of PSTN answered or not_answered, of Direct Routing by its SIP code (ref.sip_outcomes). One of: answered, not_answered, user_busy, ring_no_answer, terminal_reject, bad_number, network_failure; null if not served whether it was answered.';
COMMENT ON COLUMN live.phone_calls.caller_number IS 'Number of the caller, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN live.phone_calls.callee_number IS 'Number called, which the law may have masked with *; null if not served.';
COMMENT ON COLUMN live.phone_calls.own_number IS 'Our side: the caller of outbound calls, else the callee; null if not served.';
COMMENT ON COLUMN live.phone_calls.external_number IS 'The other side: the callee of outbound calls, else the caller; null if not served.';
COMMENT ON COLUMN live.phone_calls.external_prefix IS 'Country or area code that external_number begins with: the longest in ref.calling_codes; null if none fits or it is written without its country.';
COMMENT ON COLUMN live.phone_calls.external_country IS 'ISO 3166-1 alpha-2 country of the other side, as Graph says it, else by external_prefix; null if not known.';
COMMENT ON COLUMN live.phone_calls.is_number_masked IS 'Whether external_number is masked with *; null if it was not served.';
COMMENT ON COLUMN live.phone_calls.is_international IS 'Whether it crossed a border: by destination_context, else by the countries of both sides; null if not known.';
COMMENT ON COLUMN live.phone_calls.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN live.phone_calls.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN live.phone_calls.charge IS 'Cost without the connection charge, in currency (Graph: charge); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.phone_calls.connection_charge IS 'Fee for the connection, in currency (Graph: connectionCharge); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.phone_calls.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN live.phone_calls.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.phone_calls.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN live.phone_calls.inventory_type IS 'Type of the user''s number (Graph: inventoryType), such as Subscriber; null if not served and for Direct Routing.';
COMMENT ON COLUMN live.phone_calls.operator IS 'Microsoft, or the operator of Operator Connect (Graph: operator); null if not served and for Direct Routing.';
COMMENT ON COLUMN live.phone_calls.call_duration_source IS 'Who measured the duration (Graph: callDurationSource), such as microsoft, operator; null if not served and for Direct Routing.';
COMMENT ON COLUMN live.phone_calls.trunk_fqdn IS 'SBC the call went over (Graph: trunkFullyQualifiedDomainName); null if not served and for PSTN.';
COMMENT ON COLUMN live.phone_calls.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN live.phone_calls.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN live.phone_calls.sip_phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served and for PSTN.';
COMMENT ON COLUMN live.phone_calls.answer_delay_s IS 'From the INVITE to the answer of an outbound call of Direct Routing, in seconds; null for all others, whose start is no answer.';
COMMENT ON COLUMN live.phone_calls.setup_fail_s IS 'From the INVITE to the failure of a call of Direct Routing, in seconds; null for all others.';
COMMENT ON COLUMN live.phone_calls.correlation_id IS 'Correlation id of Direct Routing (Graph: correlationId), shared by the legs of a call; null if not served and for PSTN.';
COMMENT ON COLUMN live.phone_calls.conference_id IS 'Id that the PSTN rows of one audio conference share (Graph: conferenceId); null for other calls.';
COMMENT ON COLUMN live.phone_calls.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN live.phone_calls.administrative_unit_ids IS 'Administrative units of the user, joined by commas (Graph beta); null if not served.';
COMMENT ON COLUMN live.phone_calls.person_id IS 'user_id, but for services (ref.service_identities); null for these and where not served.';

CREATE TABLE ref.hours (
    hour timestamp with time zone NOT NULL,
    from_at timestamp with time zone NOT NULL,
    to_at timestamp with time zone NOT NULL,
    day date NOT NULL,
    hour_of_day integer NOT NULL,
    day_of_week integer NOT NULL
);
COMMENT ON TABLE ref.hours IS 'Hours of the same days. Made by the daemon; edits do not last.';
COMMENT ON COLUMN ref.hours.hour IS 'Instant at which it begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN ref.hours.from_at IS 'The same instant.';
COMMENT ON COLUMN ref.hours.to_at IS 'Instant at which it ends.';
COMMENT ON COLUMN ref.hours.day IS 'Day it belongs to.';
COMMENT ON COLUMN ref.hours.hour_of_day IS 'Hour by the clock of the report time zone, 0 to 23.';
COMMENT ON COLUMN ref.hours.day_of_week IS 'Day of the week, 1 (Monday) to 7.';

CREATE VIEW live.call_volume_hourly AS
 SELECT x.tenant_id,
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
    (h.hour AT TIME ZONE ( SELECT settings.report_timezone
           FROM ref.settings)) AS hour_local
   FROM (ref.hours h
     CROSS JOIN LATERAL ( SELECT t.tenant_id,
            t.provider,
            t.direction,
            t.scenario,
            count(*) AS attempts,
            count(*) FILTER (WHERE t.answered) AS answered,
            sum(t.duration_s) AS duration_s,
            count(DISTINCT t.person_id) AS users
           FROM live.phone_calls t
          WHERE ((t.attempt_at >= h.from_at) AND (t.attempt_at < h.to_at))
          GROUP BY t.tenant_id, t.provider, t.direction, t.scenario) x);
COMMENT ON VIEW live.call_volume_hourly IS 'Computes the rows of analytics.call_volume_hourly from teams.';
COMMENT ON COLUMN live.call_volume_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.call_volume_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN live.call_volume_hourly.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN live.call_volume_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.call_volume_hourly.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN live.call_volume_hourly.attempts IS 'Calls, answered or not.';
COMMENT ON COLUMN live.call_volume_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN live.call_volume_hourly.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN live.call_volume_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN live.call_volume_hourly.day_of_week IS 'Day of the week in the report time zone, 1 (Monday) to 7.';
COMMENT ON COLUMN live.call_volume_hourly.hour_of_day IS 'Hour of the day in the report time zone, 0 to 23.';
COMMENT ON COLUMN live.call_volume_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.call_volume_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW live.segment_endpoints AS
 SELECT e.tenant_id,
    e.call_id,
    e.session_index,
    e.segment_index,
    e.side,
    e.endpoint_type,
    e.identity_id,
    e.display_name,
    e.principal_name,
    e.identity_tenant_id,
    e.identity_kind,
    e.user_id,
    e.endpoint_name,
    e.cpu_name,
    e.cpu_cores_count,
    e.cpu_processor_speed_in_mhz,
    e.user_agent_header,
    e.application_version,
    e.platform,
    e.product_family,
    e.azure_ad_app_id,
    e.communication_service_id,
    e.service_role,
    e.feedback_rating,
    e.feedback_text,
    e.feedback_tokens,
    e.unknown_fields,
        CASE
            WHEN ((e.identity_id IN ( SELECT i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NULL))) OR ((e.tenant_id, e.identity_id) IN ( SELECT i.tenant_id,
                i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NOT NULL)))) THEN NULL::uuid
            ELSE e.user_id
        END AS person_id
   FROM teams.segment_endpoints e;
COMMENT ON VIEW live.segment_endpoints IS 'The two sides of segments (teams.segment_endpoints).';
COMMENT ON COLUMN live.segment_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.segment_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN live.segment_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN live.segment_endpoints.segment_index IS 'The segment (teams.segments).';
COMMENT ON COLUMN live.segment_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN live.segment_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN live.segment_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN live.segment_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN live.segment_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN live.segment_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN live.segment_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN live.segment_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN live.segment_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN live.segment_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN live.segment_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN live.segment_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN live.segment_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN live.segment_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN live.segment_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN live.segment_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN live.segment_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN live.segment_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.segment_endpoints.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';

CREATE VIEW live.session_endpoints AS
 SELECT e.tenant_id,
    e.call_id,
    e.session_index,
    e.side,
    e.endpoint_type,
    e.identity_id,
    e.display_name,
    e.principal_name,
    e.identity_tenant_id,
    e.identity_kind,
    e.user_id,
    e.endpoint_name,
    e.cpu_name,
    e.cpu_cores_count,
    e.cpu_processor_speed_in_mhz,
    e.user_agent_header,
    e.application_version,
    e.platform,
    e.product_family,
    e.azure_ad_app_id,
    e.communication_service_id,
    e.service_role,
    e.feedback_rating,
    e.feedback_text,
    e.feedback_tokens,
    e.unknown_fields,
        CASE
            WHEN ((e.identity_id IN ( SELECT i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NULL))) OR ((e.tenant_id, e.identity_id) IN ( SELECT i.tenant_id,
                i.identity_id
               FROM ref.service_identities i
              WHERE (i.tenant_id IS NOT NULL)))) THEN NULL::uuid
            ELSE e.user_id
        END AS person_id
   FROM teams.session_endpoints e;
COMMENT ON VIEW live.session_endpoints IS 'The two sides of sessions (teams.session_endpoints).';
COMMENT ON COLUMN live.session_endpoints.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.session_endpoints.call_id IS 'The call (teams.call_records.id).';
COMMENT ON COLUMN live.session_endpoints.session_index IS 'The session (teams.sessions).';
COMMENT ON COLUMN live.session_endpoints.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN live.session_endpoints.endpoint_type IS 'What the endpoint is: participant, service or other, by its type in Graph.';
COMMENT ON COLUMN live.session_endpoints.identity_id IS 'Id of the participant''s identity (Graph: associatedIdentity.id): a GUID in lower case, a number, or another id; null for services.';
COMMENT ON COLUMN live.session_endpoints.display_name IS 'Display name (Graph: associatedIdentity.displayName); null for guests and services.';
COMMENT ON COLUMN live.session_endpoints.principal_name IS 'User principal name (Graph: associatedIdentity.userPrincipalName); null unless a user.';
COMMENT ON COLUMN live.session_endpoints.identity_tenant_id IS 'Entra tenant of the identity (Graph: associatedIdentity.tenantId); null for phones, guests and services.';
COMMENT ON COLUMN live.session_endpoints.identity_kind IS 'What the identity is, by its type in Graph or else the form of its id: user, guest, phone, application and the like; null if neither tells.';
COMMENT ON COLUMN live.session_endpoints.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN live.session_endpoints.endpoint_name IS 'Name of the device (Graph: name); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.cpu_name IS 'Processor of the device (Graph: cpuName); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.cpu_cores_count IS 'Cores of the processor (Graph: cpuCoresCount); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.cpu_processor_speed_in_mhz IS 'Speed of the processor in MHz (Graph: cpuProcessorSpeedInMhz); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.user_agent_header IS 'User agent as reported (Graph: userAgent.headerValue); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN live.session_endpoints.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN live.session_endpoints.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN live.session_endpoints.azure_ad_app_id IS 'Entra application of a client (Graph: userAgent.azureADAppId); null for most.';
COMMENT ON COLUMN live.session_endpoints.communication_service_id IS 'Azure Communication Services resource of a client (Graph: userAgent.communicationServiceId); null for others.';
COMMENT ON COLUMN live.session_endpoints.service_role IS 'Role of a service (Graph: userAgent.role), such as mediationServer or skypeForBusinessAutoAttendant; null for clients.';
COMMENT ON COLUMN live.session_endpoints.feedback_rating IS 'Rating by the user (Graph: feedback.rating), from bad to excellent, or notRated; null if no feedback was served.';
COMMENT ON COLUMN live.session_endpoints.feedback_text IS 'The user''s words (Graph: feedback.text); null if none.';
COMMENT ON COLUMN live.session_endpoints.feedback_tokens IS 'The user''s answers to what went wrong, name and true or false (Graph: feedback.tokens); null if none. Names change.';
COMMENT ON COLUMN live.session_endpoints.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.session_endpoints.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';

CREATE VIEW live.client_quality_daily AS
 SELECT x.tenant_id,
    d.day,
    x.platform,
    x.product_family,
    x.application_version,
    x.users,
    x.sessions,
    x.streams,
    analytics.pct((x.poor)::numeric, ((x.good + x.poor))::numeric) AS poor_pct,
    analytics.pct((x.setup_failed)::numeric, (x.sessions)::numeric) AS setup_failure_pct
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT u.tenant_id,
            u.platform,
            u.product_family,
            u.application_version,
            count(DISTINCT u.person_id) AS users,
            (sum(u.sessions))::bigint AS sessions,
            (sum(u.setup_failed))::bigint AS setup_failed,
            (sum(u.streams))::bigint AS streams,
            (sum(u.good))::bigint AS good,
            (sum(u.poor))::bigint AS poor
           FROM ( SELECT e.tenant_id,
                    e.platform,
                    e.product_family,
                    e.application_version,
                    e.person_id,
                    count(*) AS sessions,
                    count(*) FILTER (WHERE (analytics.lower_ascii(s.failure_stage) = 'callsetup'::text)) AS setup_failed,
                    0 AS streams,
                    0 AS good,
                    0 AS poor
                   FROM ((live.calls c
                     JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
                     JOIN live.session_endpoints e ON (((e.tenant_id = s.tenant_id) AND (e.call_id = s.call_id) AND (e.session_index = s.session_index))))
                  WHERE ((c.start_at >= d.from_at) AND (c.start_at < d.to_at) AND (s.is_test IS NOT TRUE) AND (e.endpoint_type = 'participant'::text))
                  GROUP BY e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id
                UNION ALL
                 SELECT e.tenant_id,
                    e.platform,
                    e.product_family,
                    e.application_version,
                    e.person_id,
                    0,
                    0,
                    count(*) AS count,
                    count(*) FILTER (WHERE (s.quality = 'good'::text)) AS count,
                    count(*) FILTER (WHERE (s.quality = 'poor'::text)) AS count
                   FROM (live.streams s
                     JOIN live.segment_endpoints e ON (((e.tenant_id = s.tenant_id) AND (e.call_id = s.call_id) AND (e.session_index = s.session_index) AND (e.segment_index = s.segment_index))))
                  WHERE ((s.call_start_at >= d.from_at) AND (s.call_start_at < d.to_at) AND (e.endpoint_type = 'participant'::text))
                  GROUP BY e.tenant_id, e.platform, e.product_family, e.application_version, e.person_id) u
          GROUP BY u.tenant_id, u.platform, u.product_family, u.application_version) x);
COMMENT ON VIEW live.client_quality_daily IS 'Computes the rows of analytics.client_quality_daily from teams.';
COMMENT ON COLUMN live.client_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.client_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.client_quality_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN live.client_quality_daily.product_family IS 'Product (Graph: productFamily), such as teams, skypeForBusiness; null if not served.';
COMMENT ON COLUMN live.client_quality_daily.application_version IS 'Version of the client (Graph: applicationVersion); null if not served.';
COMMENT ON COLUMN live.client_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN live.client_quality_daily.sessions IS 'Sessions, counted for each side that is a person''s.';
COMMENT ON COLUMN live.client_quality_daily.streams IS 'Streams, counted for each side that is a person''s.';
COMMENT ON COLUMN live.client_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN live.client_quality_daily.setup_failure_pct IS 'Sessions whose setup failed, in percent of sessions, 0 to 100; null without a session.';

CREATE VIEW live.concurrent_calls_hourly AS
 SELECT x.tenant_id,
    x.hour,
    x.scope_type,
    x.scope,
    x.peak,
    x.erlangs,
    analytics.erlang_channels((x.erlangs)::double precision, (0.01)::double precision) AS channels_for_1pct_blocking,
    x.is_busy_hour,
    d.day,
    (x.hour AT TIME ZONE ( SELECT settings.report_timezone
           FROM ref.settings)) AS hour_local
   FROM (ref.days d
     CROSS JOIN LATERAL ( WITH calls AS (
                 SELECT t.tenant_id,
                    t.trunk_fqdn,
                    t.provider,
                    GREATEST(t.answered_at, d.from_at) AS from_at,
                    LEAST(t.ended_at, (t.answered_at + '24:00:00'::interval), d.to_at) AS to_at
                   FROM analytics.telephony_calls t
                  WHERE ((t.attempt_at >= (d.from_at - '24:10:00'::interval)) AND (t.attempt_at < d.to_at) AND t.answered AND (t.answered_at < t.ended_at) AND (t.answered_at < d.to_at) AND (LEAST(t.ended_at, (t.answered_at + '24:00:00'::interval)) > d.from_at))
                ), scoped AS (
                 SELECT calls.tenant_id,
                    'trunk'::text AS scope_type,
                    calls.trunk_fqdn AS scope,
                    calls.from_at,
                    calls.to_at
                   FROM calls
                  WHERE (calls.trunk_fqdn IS NOT NULL)
                UNION ALL
                 SELECT calls.tenant_id,
                    'provider'::text,
                    calls.provider,
                    calls.from_at,
                    calls.to_at
                   FROM calls
                UNION ALL
                 SELECT calls.tenant_id,
                    'all'::text,
                    'all'::text,
                    calls.from_at,
                    calls.to_at
                   FROM calls
                ), scopes AS MATERIALIZED (
                 SELECT row_number() OVER () AS n,
                    s_1.tenant_id,
                    s_1.scope_type,
                    s_1.scope
                   FROM ( SELECT DISTINCT scoped.tenant_id,
                            scoped.scope_type,
                            scoped.scope
                           FROM scoped) s_1
                ), numbered AS (
                 SELECT n.n,
                    s_1.from_at,
                    s_1.to_at
                   FROM (scoped s_1
                     JOIN scopes n ON (((n.tenant_id = s_1.tenant_id) AND (n.scope_type = s_1.scope_type) AND (n.scope = s_1.scope))))
                ), events AS (
                 SELECT numbered.n,
                    numbered.from_at AS at,
                    1 AS step
                   FROM numbered
                UNION ALL
                 SELECT numbered.n,
                    numbered.to_at,
                    '-1'::integer
                   FROM numbered
                  WHERE (numbered.to_at < d.to_at)
                UNION ALL
                 SELECT s_1.n,
                    h_1.from_at,
                    0
                   FROM (scopes s_1
                     JOIN ref.hours h_1 ON ((h_1.day = d.day)))
                ), stretches AS (
                 SELECT events.n,
                    events.at,
                    lead(events.at, 1, d.to_at) OVER walk AS to_at,
                    sum(events.step) OVER (walk ROWS UNBOUNDED PRECEDING) AS calls
                   FROM events
                  WINDOW walk AS (PARTITION BY events.n ORDER BY events.at, events.step)
                ), hours AS (
                 SELECT stretches.n,
                    date_bin('01:00:00'::interval, stretches.at, d.from_at) AS hour,
                    (max(stretches.calls))::integer AS peak,
                    round(((sum(((stretches.calls)::double precision * date_part('epoch'::text, (stretches.to_at - stretches.at)))) / (3600)::double precision))::numeric, 4) AS erlangs
                   FROM stretches
                  GROUP BY stretches.n, (date_bin('01:00:00'::interval, stretches.at, d.from_at))
                )
         SELECT s.tenant_id,
            s.scope_type,
            s.scope,
            h.hour,
            h.peak,
            h.erlangs,
            (h.erlangs = max(h.erlangs) OVER (PARTITION BY h.n)) AS is_busy_hour
           FROM (hours h
             JOIN scopes s ON ((s.n = h.n)))
          WHERE (h.peak > 0)) x);
COMMENT ON VIEW live.concurrent_calls_hourly IS 'Computes the rows of analytics.concurrent_calls_hourly from teams.';
COMMENT ON COLUMN live.concurrent_calls_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.concurrent_calls_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN live.concurrent_calls_hourly.scope_type IS 'What is counted together. One of: trunk, provider, all.';
COMMENT ON COLUMN live.concurrent_calls_hourly.scope IS 'The trunk or provider; all for scope_type all.';
COMMENT ON COLUMN live.concurrent_calls_hourly.peak IS 'Most calls at one instant of the hour.';
COMMENT ON COLUMN live.concurrent_calls_hourly.erlangs IS 'Mean number of calls: seconds occupied in the hour / 3600.';
COMMENT ON COLUMN live.concurrent_calls_hourly.channels_for_1pct_blocking IS 'Channels with which 1 % of calls find none free (analytics.erlang_channels).';
COMMENT ON COLUMN live.concurrent_calls_hourly.is_busy_hour IS 'Whether the scope had its most erlangs of the day in this hour; of equal ones all.';
COMMENT ON COLUMN live.concurrent_calls_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.concurrent_calls_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW live.sided_streams AS
 SELECT t.call_start_at,
    t.call_kind,
    t.tenant_id,
    t.call_id,
    t.session_index,
    t.segment_index,
    t.media_index,
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
    t.label,
    t.media_kind,
    t.quality,
    t.sender_side,
    e.side,
    (t.sender_side = e.side) AS sends,
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
   FROM ((live.streams t
     JOIN teams.media_endpoints e ON (((e.tenant_id = t.tenant_id) AND (e.call_id = t.call_id) AND (e.session_index = t.session_index) AND (e.segment_index = t.segment_index) AND (e.media_index = t.media_index))))
     JOIN live.segment_endpoints p ON (((p.tenant_id = e.tenant_id) AND (p.call_id = e.call_id) AND (p.session_index = e.session_index) AND (p.segment_index = e.segment_index) AND (p.side = e.side))))
  WHERE (p.endpoint_type = 'participant'::text);
COMMENT ON VIEW live.sided_streams IS 'Streams once for each side that is a participant, with its client, devices and network.';
COMMENT ON COLUMN live.sided_streams.call_start_at IS 'Start of the call; null if not served.';
COMMENT ON COLUMN live.sided_streams.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN live.sided_streams.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.sided_streams.call_id IS 'Id of the call; joins to calls.';
COMMENT ON COLUMN live.sided_streams.session_index IS 'Place of the session in the call, from 0.';
COMMENT ON COLUMN live.sided_streams.segment_index IS 'Place of the segment in the session, from 0.';
COMMENT ON COLUMN live.sided_streams.media_index IS 'Place of the media in the segment, from 0.';
COMMENT ON COLUMN live.sided_streams.stream_index IS 'Place of the stream in the media, from 0.';
COMMENT ON COLUMN live.sided_streams.stream_id IS 'Id of the stream (Graph: streamId), unique in its media only; null if not served.';
COMMENT ON COLUMN live.sided_streams.stream_direction IS 'Who sends, as Graph says it, such as callerToCallee; null if not served.';
COMMENT ON COLUMN live.sided_streams.start_at IS 'Start of the stream, else of its segment; no index serves it; null if neither was served.';
COMMENT ON COLUMN live.sided_streams.end_at IS 'End of the stream, else of its segment; null if neither was served.';
COMMENT ON COLUMN live.sided_streams.audio_codec IS 'Audio codec (Graph: audioCodec); null if unknown.';
COMMENT ON COLUMN live.sided_streams.video_codec IS 'Video codec (Graph: videoCodec); null if unknown.';
COMMENT ON COLUMN live.sided_streams.packet_utilization IS 'Number of packets (Graph: packetUtilization); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_bandwidth_estimate IS 'Average bandwidth estimated, in bits per second (Graph: averageBandwidthEstimate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_jitter_ms IS 'Average jitter (RFC 3550) in milliseconds (Graph: averageJitter); null if not measured.';
COMMENT ON COLUMN live.sided_streams.max_jitter_ms IS 'Greatest jitter (RFC 3550) in milliseconds (Graph: maxJitter); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_round_trip_time_ms IS 'Average round-trip time (RFC 3550) in milliseconds (Graph: averageRoundTripTime); null if not measured.';
COMMENT ON COLUMN live.sided_streams.max_round_trip_time_ms IS 'Greatest round-trip time (RFC 3550) in milliseconds (Graph: maxRoundTripTime); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_audio_network_jitter_ms IS 'Average jitter of the network for audio in milliseconds (Graph: averageAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN live.sided_streams.max_audio_network_jitter_ms IS 'Greatest jitter of the network for audio, in windows of 20 seconds, in milliseconds (Graph: maxAudioNetworkJitter); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_freeze_duration_ms IS 'Average duration of freezes of received video in milliseconds (Graph: averageFreezeDuration); null if not measured.';
COMMENT ON COLUMN live.sided_streams.rms_freeze_duration_ms IS 'Root mean square of the durations of freezes of received video in milliseconds (Graph: rmsFreezeDuration); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_packet_loss_rate IS 'Average share of packets lost, 0 to 1 (Graph: averagePacketLossRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.max_packet_loss_rate IS 'Greatest share of packets lost, 0 to 1 (Graph: maxPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_audio_degradation IS 'Points of mean opinion score that loss and jitter took from the audio received (Graph: averageAudioDegradation); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_ratio_of_concealed_samples IS 'Average share of audio frames with concealed samples, 0 to 1 (Graph: averageRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN live.sided_streams.max_ratio_of_concealed_samples IS 'Greatest share of audio frames with concealed samples, 0 to 1 (Graph: maxRatioOfConcealedSamples); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_received_frame_rate IS 'Average frames per second received, over all video streams of the session (Graph: averageReceivedFrameRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_video_frame_loss_percentage IS 'Average percentage of video frames lost as shown, 0 to 100 (Graph: averageVideoFrameLossPercentage); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_video_frame_rate IS 'Average frames per second of video (Graph: averageVideoFrameRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.average_video_packet_loss_rate IS 'Average share of video packets lost, 0 to 1 (RFC 3550) (Graph: averageVideoPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.post_forward_error_correction_packet_loss_rate IS 'Share of packets lost after error correction, 0 to 1, over all video streams (Graph: postForwardErrorCorrectionPacketLossRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.low_frame_rate_ratio IS 'Share of the call with less than 7.5 frames per second, 0 to 1 (Graph: lowFrameRateRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.low_video_processing_capability_ratio IS 'Share of the call with less than 70 % of the video processing expected, 0 to 1 (Graph: lowVideoProcessingCapabilityRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.is_audio_forward_error_correction_used IS 'Whether error correction was used for audio at some time (Graph: isAudioForwardErrorCorrectionUsed); null if unknown.';
COMMENT ON COLUMN live.sided_streams.was_media_bypassed IS 'Whether media went past Teams, straight to the SBC (Graph: wasMediaBypassed); null if not served.';
COMMENT ON COLUMN live.sided_streams.unknown_fields IS 'What was served and has no column: unknown members, and values that do not fit theirs, under their own names; null if nothing.';
COMMENT ON COLUMN live.sided_streams.label IS 'What the media is, as Graph calls it, such as main-audio; null if not served.';
COMMENT ON COLUMN live.sided_streams.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN live.sided_streams.quality IS 'Class of the stream (analytics.stream_quality); too little to judge by is unclassified. One of: good, poor, unclassified.';
COMMENT ON COLUMN live.sided_streams.sender_side IS 'Who sends. One of: caller, callee; null if not served.';
COMMENT ON COLUMN live.sided_streams.side IS 'Side of the call, caller or callee.';
COMMENT ON COLUMN live.sided_streams.sends IS 'Whether the side sends the stream; null if not known.';
COMMENT ON COLUMN live.sided_streams.user_id IS 'Entra object id of the user (teams.users), read from the identity; null unless a user.';
COMMENT ON COLUMN live.sided_streams.person_id IS 'user_id, but for services (ref.service_identities); null for these and unless a user.';
COMMENT ON COLUMN live.sided_streams.platform IS 'Platform of a client (Graph: userAgent.platform), such as windows, macOS, iOS, ipPhone; null for services.';
COMMENT ON COLUMN live.sided_streams.product_family IS 'Product of a client (Graph: userAgent.productFamily), such as teams or azureCommunicationServices; null for services.';
COMMENT ON COLUMN live.sided_streams.application_version IS 'Version of the application (Graph: userAgent.applicationVersion); null if unknown.';
COMMENT ON COLUMN live.sided_streams.capture_device_name IS 'Microphone or camera (Graph: captureDeviceName); null if unknown.';
COMMENT ON COLUMN live.sided_streams.capture_device_driver IS 'Its driver (Graph: captureDeviceDriver); null if unknown.';
COMMENT ON COLUMN live.sided_streams.render_device_name IS 'Loudspeaker or screen (Graph: renderDeviceName); null if unknown.';
COMMENT ON COLUMN live.sided_streams.render_device_driver IS 'Its driver (Graph: renderDeviceDriver); null if unknown.';
COMMENT ON COLUMN live.sided_streams.capture_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a capture device that did not work (Graph: captureNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.cpu_insufficent_event_ratio IS 'Share of the call, 0 to 1, with too little processor time (Graph: cpuInsufficentEventRatio, so spelt); null if not measured.';
COMMENT ON COLUMN live.sided_streams.device_clipping_event_ratio IS 'Share of the call, 0 to 1, with a clipped signal (Graph: deviceClippingEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.device_glitch_event_ratio IS 'Share of the call, 0 to 1, with glitches of the device (Graph: deviceGlitchEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.low_speech_level_event_ratio IS 'Share of the call, 0 to 1, with speech too low (Graph: lowSpeechLevelEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.low_speech_to_noise_event_ratio IS 'Share of the call, 0 to 1, with speech too low for the noise (Graph: lowSpeechToNoiseEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.render_mute_event_ratio IS 'Share of the call, 0 to 1, with the loudspeaker muted (Graph: renderMuteEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.render_not_functioning_event_ratio IS 'Share of the call, 0 to 1, with a render device that did not work (Graph: renderNotFunctioningEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.render_zero_volume_event_ratio IS 'Share of the call, 0 to 1, with the volume at zero (Graph: renderZeroVolumeEventRatio); null if not measured.';
COMMENT ON COLUMN live.sided_streams.mic_glitch_rate IS 'Glitches of the microphone per 5 minutes (Graph: micGlitchRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.speaker_glitch_rate IS 'Glitches of the loudspeaker per 5 minutes (Graph: speakerGlitchRate); null if not measured.';
COMMENT ON COLUMN live.sided_streams.howling_event_count IS 'How often there was acoustic feedback (Graph: howlingEventCount); null if not measured.';
COMMENT ON COLUMN live.sided_streams.subnet IS 'Subnet of the address (Graph: subnet), as served: its first address, without a length; null if unknown.';
COMMENT ON COLUMN live.sided_streams.reflexive_ip_address IS 'Address that the media relay saw, mostly the public one (Graph: reflexiveIPAddress); null if unknown.';
COMMENT ON COLUMN live.sided_streams.connection_type IS 'Kind of network (Graph: connectionType), such as wired, wifi, mobile, tunnel, unknown; null if not served.';
COMMENT ON COLUMN live.sided_streams.wifi_band IS 'Band of the Wi-Fi (Graph: wifiBand), such as frequency24GHz, or unknown; null if not served.';
COMMENT ON COLUMN live.sided_streams.network_transport_protocol IS 'udp, tcp or unknown (Graph: networkTransportProtocol); null if not served.';

CREATE VIEW live.device_quality_daily AS
 SELECT x.tenant_id,
    d.day,
    x.role,
    x.device,
    x.driver,
    x.streams,
    x.users,
    analytics.pct((x.poor)::numeric, ((x.good + x.poor))::numeric) AS poor_pct,
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
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT s.tenant_id,
                CASE
                    WHEN s.sends THEN 'capture'::text
                    ELSE 'render'::text
                END AS role,
                CASE
                    WHEN s.sends THEN s.capture_device_name
                    ELSE s.render_device_name
                END AS device,
                CASE
                    WHEN s.sends THEN s.capture_device_driver
                    ELSE s.render_device_driver
                END AS driver,
            count(*) AS streams,
            count(DISTINCT s.person_id) AS users,
            count(*) FILTER (WHERE (s.quality = 'good'::text)) AS good,
            count(*) FILTER (WHERE (s.quality = 'poor'::text)) AS poor,
            live.to_float8(avg((s.capture_not_functioning_event_ratio)::numeric)) AS capture_not_functioning_event_ratio,
            live.to_float8(avg((s.cpu_insufficent_event_ratio)::numeric)) AS cpu_insufficent_event_ratio,
            live.to_float8(avg((s.device_clipping_event_ratio)::numeric)) AS device_clipping_event_ratio,
            live.to_float8(avg((s.device_glitch_event_ratio)::numeric)) AS device_glitch_event_ratio,
            live.to_float8(avg((s.low_speech_level_event_ratio)::numeric)) AS low_speech_level_event_ratio,
            live.to_float8(avg((s.low_speech_to_noise_event_ratio)::numeric)) AS low_speech_to_noise_event_ratio,
            live.to_float8(avg((s.render_mute_event_ratio)::numeric)) AS render_mute_event_ratio,
            live.to_float8(avg((s.render_not_functioning_event_ratio)::numeric)) AS render_not_functioning_event_ratio,
            live.to_float8(avg((s.render_zero_volume_event_ratio)::numeric)) AS render_zero_volume_event_ratio,
            live.to_float8(avg(
                CASE
                    WHEN s.sends THEN (s.mic_glitch_rate)::numeric
                    ELSE NULL::numeric
                END)) AS mic_glitch_rate,
            sum(
                CASE
                    WHEN s.sends THEN s.howling_event_count
                    ELSE NULL::integer
                END) AS howling_events,
            live.to_float8(avg(
                CASE
                    WHEN (NOT s.sends) THEN (s.speaker_glitch_rate)::numeric
                    ELSE NULL::numeric
                END)) AS speaker_glitch_rate
           FROM live.sided_streams s
          WHERE ((s.call_start_at >= d.from_at) AND (s.call_start_at < d.to_at) AND (s.media_kind = 'audio'::text) AND (s.sends IS NOT NULL))
          GROUP BY s.tenant_id,
                CASE
                    WHEN s.sends THEN 'capture'::text
                    ELSE 'render'::text
                END,
                CASE
                    WHEN s.sends THEN s.capture_device_name
                    ELSE s.render_device_name
                END,
                CASE
                    WHEN s.sends THEN s.capture_device_driver
                    ELSE s.render_device_driver
                END) x)
  WHERE (x.device IS NOT NULL);
COMMENT ON VIEW live.device_quality_daily IS 'Computes the rows of analytics.device_quality_daily from teams.';
COMMENT ON COLUMN live.device_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.device_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.device_quality_daily.role IS 'What the device was used for. One of: capture, render.';
COMMENT ON COLUMN live.device_quality_daily.device IS 'Name of the device as its driver says it.';
COMMENT ON COLUMN live.device_quality_daily.driver IS 'Name and version of the driver; null if not served.';
COMMENT ON COLUMN live.device_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN live.device_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN live.device_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN live.device_quality_daily.capture_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the capture device not working; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.cpu_insufficent_event_ratio IS 'Mean share of the call, 0 to 1, with too little processor time; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.device_clipping_event_ratio IS 'Mean share of the call, 0 to 1, with a clipped signal; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.device_glitch_event_ratio IS 'Mean share of the call, 0 to 1, with glitches of the device; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.low_speech_level_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.low_speech_to_noise_event_ratio IS 'Mean share of the call, 0 to 1, with speech too low for the noise; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.render_mute_event_ratio IS 'Mean share of the call, 0 to 1, with the loudspeaker muted; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.render_not_functioning_event_ratio IS 'Mean share of the call, 0 to 1, with the render device not working; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.render_zero_volume_event_ratio IS 'Mean share of the call, 0 to 1, with the volume at zero; null if not measured.';
COMMENT ON COLUMN live.device_quality_daily.mic_glitch_rate IS 'Mean glitches of the microphone per 5 minutes; null if not served and for role render.';
COMMENT ON COLUMN live.device_quality_daily.howling_events IS 'Times that feedback was heard (Graph: howlingEventCount); null if not served and for role render.';
COMMENT ON COLUMN live.device_quality_daily.speaker_glitch_rate IS 'Mean glitches of the loudspeaker per 5 minutes; null if not served and for role capture.';

CREATE VIEW live.dialout_reconciliation AS
 SELECT x.tenant_id,
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
    (COALESCE(x.report_calls, (0)::bigint) - COALESCE(x.log_calls, (0)::bigint)) AS diff_calls,
    (COALESCE(x.report_charge, (0)::numeric) - COALESCE(x.log_charge, (0)::numeric)) AS diff_cost
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT b.tenant_id,
            b.usage_location,
            b.destination_context,
            b.currency,
            sum(b.report_calls) AS report_calls,
            sum(b.report_seconds) AS report_seconds,
            sum(b.report_charge) AS report_charge,
            sum(b.log_calls) AS log_calls,
            sum(b.log_seconds) AS log_seconds,
            sum(b.log_charge) AS log_charge
           FROM ( SELECT r.tenant_id,
                    r.usage_location,
                    r.destination_context,
                    r.currency,
                    r.total_calls AS report_calls,
                    r.total_call_seconds AS report_seconds,
                    r.total_call_charge AS report_charge,
                    NULL::integer AS log_calls,
                    NULL::integer AS log_seconds,
                    NULL::numeric AS log_charge
                   FROM teams.dialout_report r
                  WHERE (((r.window_from AT TIME ZONE 'UTC'::text))::date = d.day)
                UNION ALL
                 SELECT t.tenant_id,
                    t.usage_country_code,
                    t.destination_context,
                    t.currency,
                    NULL::integer,
                    NULL::integer,
                    NULL::numeric,
                    1,
                    t.duration_s,
                    t.total_cost
                   FROM analytics.telephony_calls t
                  WHERE ((t.source = 'pstn'::text) AND (analytics.lower_ascii(t.call_type) = 'conf_out'::text) AND (t.attempt_at >= ((d.day)::timestamp without time zone AT TIME ZONE 'UTC'::text)) AND (t.attempt_at < (((d.day + 1))::timestamp without time zone AT TIME ZONE 'UTC'::text)))) b
          GROUP BY b.tenant_id, b.usage_location, b.destination_context, b.currency) x);
COMMENT ON VIEW live.dialout_reconciliation IS 'Computes the rows of analytics.dialout_reconciliation from teams.';
COMMENT ON COLUMN live.dialout_reconciliation.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.dialout_reconciliation.day IS 'UTC day, whatever the report time zone.';
COMMENT ON COLUMN live.dialout_reconciliation.usage_location IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN live.dialout_reconciliation.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN live.dialout_reconciliation.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.dialout_reconciliation.report_calls IS 'Calls by the report; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.report_seconds IS 'Time connected by the report, in seconds; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.report_charge IS 'Cost by the report, in currency; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.log_calls IS 'Calls by the log; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.log_seconds IS 'Time connected by the log, in seconds; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.log_charge IS 'Charges and connection charges by the log, in currency; null if it has none.';
COMMENT ON COLUMN live.dialout_reconciliation.diff_calls IS 'report_calls less log_calls.';
COMMENT ON COLUMN live.dialout_reconciliation.diff_cost IS 'report_charge less log_charge, in currency.';

CREATE VIEW live.direct_routing_failures_hourly AS
 SELECT x.tenant_id,
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
    (h.hour AT TIME ZONE ( SELECT settings.report_timezone
           FROM ref.settings)) AS hour_local
   FROM (ref.hours h
     CROSS JOIN LATERAL ( SELECT t.tenant_id,
            t.trunk_fqdn,
            t.direction,
            t.sip_code,
            t.ms_subcode,
            t.outcome,
            count(*) AS calls,
            count(DISTINCT t.person_id) AS users,
            min(t.sip_phrase) AS phrase
           FROM live.phone_calls t
          WHERE ((t.source = 'direct_routing'::text) AND (NOT t.answered) AND (t.attempt_at >= h.from_at) AND (t.attempt_at < h.to_at))
          GROUP BY t.tenant_id, t.trunk_fqdn, t.direction, t.sip_code, t.ms_subcode, t.outcome) x);
COMMENT ON VIEW live.direct_routing_failures_hourly IS 'Computes the rows of analytics.direct_routing_failures_hourly from teams.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.sip_code IS 'Final SIP code; null if not served.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.ms_subcode IS 'Microsoft''s subcode (Graph: callEndSubReason); null if not served.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.calls IS 'Failed calls.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.phrase IS 'What Microsoft says of the codes (Graph: finalSipCodePhrase); null if not served.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.outcome IS 'What the codes mean (ref.sip_outcomes). One of: user_busy, ring_no_answer, terminal_reject, bad_number, network_failure.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.blame IS 'Who sent the code: the SBC if the subcode begins with 560, else Microsoft. One of: sbc, microsoft; null without a subcode.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.direct_routing_failures_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE VIEW live.direct_routing_health_hourly AS
 SELECT x.tenant_id,
    h.hour,
    x.trunk_fqdn,
    x.direction,
    x.attempts,
    x.answered,
    analytics.pct((x.answered)::numeric, (x.attempts)::numeric) AS asr_pct,
    x.busy,
    x.no_answer,
    x.rejected,
    x.bad_number,
    x.network_failures,
    x.delivered,
    analytics.pct((x.delivered)::numeric, (x.attempts)::numeric) AS ner_pct,
    x.avg_duration_s,
    x.short_calls_under_5s,
    x.short_calls_under_60s,
    x.answer_delay_p50_s,
    x.answer_delay_p95_s,
    (x.attempts < 100) AS is_low_sample,
    h.day,
    (h.hour AT TIME ZONE ( SELECT settings.report_timezone
           FROM ref.settings)) AS hour_local
   FROM (ref.hours h
     CROSS JOIN LATERAL ( SELECT t.tenant_id,
            t.trunk_fqdn,
            t.direction,
            count(*) AS attempts,
            count(*) FILTER (WHERE (t.outcome = 'answered'::text)) AS answered,
            count(*) FILTER (WHERE (t.outcome = 'user_busy'::text)) AS busy,
            count(*) FILTER (WHERE (t.outcome = 'ring_no_answer'::text)) AS no_answer,
            count(*) FILTER (WHERE (t.outcome = 'terminal_reject'::text)) AS rejected,
            count(*) FILTER (WHERE (t.outcome = 'bad_number'::text)) AS bad_number,
            count(*) FILTER (WHERE (t.outcome = 'network_failure'::text)) AS network_failures,
            count(*) FILTER (WHERE (t.outcome = ANY (ARRAY['answered'::text, 'user_busy'::text, 'ring_no_answer'::text, 'terminal_reject'::text]))) AS delivered,
            round(avg(t.duration_s) FILTER (WHERE t.answered), 2) AS avg_duration_s,
            count(*) FILTER (WHERE (t.answered AND (t.duration_s < 5))) AS short_calls_under_5s,
            count(*) FILTER (WHERE (t.answered AND (t.duration_s < 60))) AS short_calls_under_60s,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY t.answer_delay_s) AS answer_delay_p50_s,
            percentile_cont((0.95)::double precision) WITHIN GROUP (ORDER BY t.answer_delay_s) AS answer_delay_p95_s
           FROM analytics.telephony_calls t
          WHERE ((t.source = 'direct_routing'::text) AND (t.attempt_at >= h.from_at) AND (t.attempt_at < h.to_at))
          GROUP BY t.tenant_id, t.trunk_fqdn, t.direction) x);
COMMENT ON VIEW live.direct_routing_health_hourly IS 'Computes the rows of analytics.direct_routing_health_hourly from teams.';
COMMENT ON COLUMN live.direct_routing_health_hourly.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.direct_routing_health_hourly.hour IS 'Instant at which the hour begins: the hour that autumn repeats is two.';
COMMENT ON COLUMN live.direct_routing_health_hourly.trunk_fqdn IS 'SBC (Graph: trunkFullyQualifiedDomainName); null if not served.';
COMMENT ON COLUMN live.direct_routing_health_hourly.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.direct_routing_health_hourly.attempts IS 'Calls, also those of which Graph does not say whether they were answered.';
COMMENT ON COLUMN live.direct_routing_health_hourly.answered IS 'Calls that were answered.';
COMMENT ON COLUMN live.direct_routing_health_hourly.asr_pct IS 'Answer-seizure ratio: answered in percent of attempts, 0 to 100.';
COMMENT ON COLUMN live.direct_routing_health_hourly.busy IS 'Calls with outcome user_busy.';
COMMENT ON COLUMN live.direct_routing_health_hourly.no_answer IS 'Calls with outcome ring_no_answer.';
COMMENT ON COLUMN live.direct_routing_health_hourly.rejected IS 'Calls with outcome terminal_reject.';
COMMENT ON COLUMN live.direct_routing_health_hourly.bad_number IS 'Calls with outcome bad_number.';
COMMENT ON COLUMN live.direct_routing_health_hourly.network_failures IS 'Calls with outcome network_failure.';
COMMENT ON COLUMN live.direct_routing_health_hourly.delivered IS 'Calls that the network delivered: answered, busy, no_answer and rejected together.';
COMMENT ON COLUMN live.direct_routing_health_hourly.ner_pct IS 'Network effectiveness ratio: delivered in percent of attempts, 0 to 100. Microsoft''s table of codes is not public, so its portal may differ.';
COMMENT ON COLUMN live.direct_routing_health_hourly.avg_duration_s IS 'Mean duration of answered calls, in seconds; null if none was answered.';
COMMENT ON COLUMN live.direct_routing_health_hourly.short_calls_under_5s IS 'Answered calls shorter than 5 seconds.';
COMMENT ON COLUMN live.direct_routing_health_hourly.short_calls_under_60s IS 'Answered calls shorter than 60 seconds.';
COMMENT ON COLUMN live.direct_routing_health_hourly.answer_delay_p50_s IS 'Median of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN live.direct_routing_health_hourly.answer_delay_p95_s IS '95th percentile of telephony_calls.answer_delay_s, in seconds; null if no call has one, as none inbound does.';
COMMENT ON COLUMN live.direct_routing_health_hourly.is_low_sample IS 'Whether there were fewer than 100 attempts, too few for a ratio to mean much.';
COMMENT ON COLUMN live.direct_routing_health_hourly.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.direct_routing_health_hourly.hour_local IS 'The hour by the clock of the report time zone.';

CREATE TABLE ref.fraud_rules (
    tenant_id uuid,
    rule text NOT NULL,
    parameter text NOT NULL,
    value numeric NOT NULL
);
COMMENT ON TABLE ref.fraud_rules IS 'Limits of the rules of fraud_signals_daily.';
COMMENT ON COLUMN ref.fraud_rules.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.fraud_rules.rule IS 'The rule, F2 to F5.';
COMMENT ON COLUMN ref.fraud_rules.parameter IS 'What is limited: of F2 the least minutes and the factor above the mean of before, of F3 the calls and the hours of work, of F4 how many numbers make which severity, of F5 the calls and the seconds below which one is short.';
COMMENT ON COLUMN ref.fraud_rules.value IS 'The limit.';

CREATE VIEW live.fraud_signals_daily AS
 SELECT x.tenant_id,
    d.day,
    x.user_id,
    x.rule,
    x.severity,
    x.detail
   FROM (ref.days d
     CROSS JOIN LATERAL ( WITH phone AS MATERIALIZED (
                 SELECT t.tenant_id,
                    t.user_id,
                    (t.scenario = ANY (ARRAY['user_forward'::text, 'user_transfer'::text])) AS passed_on,
                    (t.direction = 'outbound'::text) AS outbound,
                    t.is_international,
                    t.answered,
                    t.duration_s,
                    t.external_number,
                    t.external_prefix,
                    EXTRACT(hour FROM (t.attempt_at AT TIME ZONE ( SELECT settings.report_timezone
                           FROM ref.settings))) AS hour_of_day
                   FROM analytics.telephony_calls t
                  WHERE ((t.attempt_at >= d.from_at) AND (t.attempt_at < d.to_at) AND (t.direction <> 'inbound'::text))
                ), limits AS MATERIALIZED (
                 SELECT n.tenant_id,
                    max(r.value) FILTER (WHERE ((r.rule = 'F2'::text) AND (r.parameter = 'minutes'::text))) AS f2_minutes,
                    max(r.value) FILTER (WHERE ((r.rule = 'F2'::text) AND (r.parameter = 'factor'::text))) AS f2_factor,
                    max(r.value) FILTER (WHERE ((r.rule = 'F3'::text) AND (r.parameter = 'calls'::text))) AS f3_calls,
                    max(r.value) FILTER (WHERE ((r.rule = 'F3'::text) AND (r.parameter = 'from_hour'::text))) AS f3_from_hour,
                    max(r.value) FILTER (WHERE ((r.rule = 'F3'::text) AND (r.parameter = 'to_hour'::text))) AS f3_to_hour,
                    max(r.value) FILTER (WHERE ((r.rule = 'F4'::text) AND (r.parameter = 'low'::text))) AS f4_low,
                    max(r.value) FILTER (WHERE ((r.rule = 'F4'::text) AND (r.parameter = 'moderate'::text))) AS f4_moderate,
                    max(r.value) FILTER (WHERE ((r.rule = 'F4'::text) AND (r.parameter = 'high'::text))) AS f4_high,
                    max(r.value) FILTER (WHERE ((r.rule = 'F4'::text) AND (r.parameter = 'major'::text))) AS f4_major,
                    max(r.value) FILTER (WHERE ((r.rule = 'F4'::text) AND (r.parameter = 'critical'::text))) AS f4_critical,
                    max(r.value) FILTER (WHERE ((r.rule = 'F5'::text) AND (r.parameter = 'calls'::text))) AS f5_calls,
                    max(r.value) FILTER (WHERE ((r.rule = 'F5'::text) AND (r.parameter = 'seconds'::text))) AS f5_seconds
                   FROM (( SELECT DISTINCT phone.tenant_id
                           FROM phone) n
                     CROSS JOIN LATERAL ( SELECT DISTINCT ON (f.rule, f.parameter) f.rule,
                            f.parameter,
                            f.value
                           FROM ref.fraud_rules f
                          WHERE ((f.tenant_id = n.tenant_id) OR (f.tenant_id IS NULL))
                          ORDER BY f.rule, f.parameter, f.tenant_id) r)
                  GROUP BY n.tenant_id
                ), users AS MATERIALIZED (
                 SELECT p.tenant_id,
                    p.user_id,
                    count(*) FILTER (WHERE (p.passed_on AND p.is_international)) AS passed_on_abroad,
                    ((sum(p.duration_s) FILTER (WHERE (p.outbound AND p.is_international)))::numeric / 60.0) AS minutes_abroad,
                    count(*) FILTER (WHERE (p.outbound AND p.is_international AND ((d.day_of_week > 5) OR (p.hour_of_day < l.f3_from_hour) OR (p.hour_of_day >= l.f3_to_hour)))) AS abroad_off_hours,
                    count(DISTINCT p.external_number) FILTER (WHERE (p.outbound AND (NOT p.answered))) AS numbers_failed
                   FROM (phone p
                     JOIN limits l ON ((l.tenant_id = p.tenant_id)))
                  GROUP BY p.tenant_id, p.user_id
                )
         SELECT users.tenant_id,
            users.user_id,
            'F1'::text AS rule,
            'high'::text AS severity,
            (users.passed_on_abroad || ' calls forwarded or transferred abroad'::text) AS detail
           FROM users
          WHERE (users.passed_on_abroad > 0)
        UNION ALL
         SELECT u.tenant_id,
            u.user_id,
            'F2'::text,
            'high'::text,
            (((round(u.minutes_abroad, 1) || ' minutes abroad, usually '::text) || round(b.minutes, 1)) || ' a day'::text)
           FROM ((users u
             JOIN limits l ON ((l.tenant_id = u.tenant_id)))
             CROSS JOIN LATERAL ( SELECT (((COALESCE(sum(p.duration_s), (0)::bigint))::numeric / 60.0) / (28)::numeric) AS minutes
                   FROM ( SELECT o.tenant_id,
                            o.attempt_at,
                            o.direction,
                            o.is_international,
                            o.duration_s
                           FROM live.telephony o
                          WHERE (o.user_id = u.user_id)
                        UNION ALL
                         SELECT o.tenant_id,
                            o.attempt_at,
                            o.direction,
                            o.is_international,
                            o.duration_s
                           FROM live.telephony o
                          WHERE ((o.user_id IS NULL) AND (u.user_id IS NULL))) p
                  WHERE ((p.tenant_id = u.tenant_id) AND (p.attempt_at >= (d.from_at - ((28)::double precision * '24:00:00'::interval))) AND (p.attempt_at < d.from_at) AND (p.direction = 'outbound'::text) AND p.is_international)) b)
          WHERE ((u.minutes_abroad > l.f2_minutes) AND (u.minutes_abroad > (l.f2_factor * b.minutes)))
        UNION ALL
         SELECT u.tenant_id,
            u.user_id,
            'F3'::text,
            'moderate'::text,
            (u.abroad_off_hours || ' calls abroad at night or at the weekend'::text)
           FROM (users u
             JOIN limits l ON ((l.tenant_id = u.tenant_id)))
          WHERE ((u.abroad_off_hours)::numeric >= l.f3_calls)
        UNION ALL
         SELECT u.tenant_id,
            u.user_id,
            'F4'::text,
                CASE
                    WHEN ((u.numbers_failed)::numeric >= l.f4_critical) THEN 'critical'::text
                    WHEN ((u.numbers_failed)::numeric >= l.f4_major) THEN 'major'::text
                    WHEN ((u.numbers_failed)::numeric >= l.f4_high) THEN 'high'::text
                    WHEN ((u.numbers_failed)::numeric >= l.f4_moderate) THEN 'moderate'::text
                    ELSE 'low'::text
                END AS "case",
            (u.numbers_failed || ' numbers tried in vain'::text)
           FROM (users u
             JOIN limits l ON ((l.tenant_id = u.tenant_id)))
          WHERE ((u.numbers_failed)::numeric >= l.f4_low)
        UNION ALL
         SELECT s.tenant_id,
            s.user_id,
            'F5'::text,
            'moderate'::text,
            (string_agg(((s.calls || ' calls to +'::text) || s.external_prefix), ', '::text ORDER BY s.calls DESC, s.external_prefix) || ', each of a few seconds'::text)
           FROM ( SELECT p.tenant_id,
                    p.user_id,
                    p.external_prefix,
                    count(*) AS calls
                   FROM (phone p
                     JOIN limits l ON ((l.tenant_id = p.tenant_id)))
                  WHERE (p.outbound AND p.answered AND ((p.duration_s)::numeric < l.f5_seconds) AND (p.external_prefix IS NOT NULL))
                  GROUP BY p.tenant_id, p.user_id, p.external_prefix, l.f5_calls
                 HAVING ((count(*))::numeric >= l.f5_calls)) s
          GROUP BY s.tenant_id, s.user_id
        UNION ALL
         SELECT b.tenant_id,
            b.user_id,
            'F6'::text,
            'high'::text,
            COALESCE(string_agg(DISTINCT b.block_reason, ', '::text), 'blocked'::text) AS "coalesce"
           FROM teams.pstn_blocked_users_log b
          WHERE ((b.block_at >= d.from_at) AND (b.block_at < d.to_at) AND (b.user_block_mode = 'blocked'::text))
          GROUP BY b.tenant_id, b.user_id) x);
COMMENT ON VIEW live.fraud_signals_daily IS 'Computes the rows of analytics.fraud_signals_daily from teams.';
COMMENT ON COLUMN live.fraud_signals_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.fraud_signals_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.fraud_signals_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN live.fraud_signals_daily.rule IS 'F1 forwarded or transferred abroad, F2 far more minutes abroad than in the 28 days before, F3 calls abroad at night or at the weekend, F4 many numbers tried without an answer, F5 many very short calls to one prefix, F6 blocked by Microsoft. One of: F1, F2, F3, F4, F5, F6.';
COMMENT ON COLUMN live.fraud_signals_daily.severity IS 'How grave it is. One of: low, moderate, high, major, critical.';
COMMENT ON COLUMN live.fraud_signals_daily.detail IS 'What was counted, in words.';

CREATE VIEW live.missed_calls_daily AS
 SELECT x.tenant_id,
    d.day,
    x.scenario,
    x.user_id,
    x.callee_identity_id,
    x.inbound,
    x.answered,
    x.missed,
    x.failed,
    analytics.pct((x.missed)::numeric, ((x.missed + x.answered))::numeric) AS missed_pct
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT i.tenant_id,
            i.scenario,
            i.user_id,
            i.callee_identity_id,
            count(*) AS inbound,
            count(*) FILTER (WHERE i.answered) AS answered,
            count(*) FILTER (WHERE i.missed) AS missed,
            count(*) FILTER (WHERE i.failed) AS failed
           FROM analytics.inbound_calls i
          WHERE ((i.call_start_at >= d.from_at) AND (i.call_start_at < d.to_at))
          GROUP BY i.tenant_id, i.scenario, i.user_id, i.callee_identity_id) x);
COMMENT ON VIEW live.missed_calls_daily IS 'Computes the rows of analytics.missed_calls_daily from teams.';
COMMENT ON COLUMN live.missed_calls_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.missed_calls_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.missed_calls_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN live.missed_calls_daily.user_id IS 'Who was called; joins to users; null for call queues and auto attendants, and where not served.';
COMMENT ON COLUMN live.missed_calls_daily.callee_identity_id IS 'Who was called: the user id, of a call queue or auto attendant the id of its resource account; null if not served.';
COMMENT ON COLUMN live.missed_calls_daily.inbound IS 'Inbound calls.';
COMMENT ON COLUMN live.missed_calls_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN live.missed_calls_daily.missed IS 'Calls that were delivered and not answered.';
COMMENT ON COLUMN live.missed_calls_daily.failed IS 'Calls that were not delivered.';
COMMENT ON COLUMN live.missed_calls_daily.missed_pct IS 'missed in percent of missed and answered, 0 to 100; null if there were neither.';

CREATE TABLE ref.site_subnets (
    tenant_id uuid,
    network cidr NOT NULL,
    site text NOT NULL,
    city text,
    country text,
    is_vpn boolean DEFAULT false NOT NULL,
    is_expressroute boolean DEFAULT false NOT NULL
);
COMMENT ON TABLE ref.site_subnets IS 'Which network is which site; the longest prefix counts. Empty until you fill it.';
COMMENT ON COLUMN ref.site_subnets.tenant_id IS 'Entra tenant id; null for all tenants.';
COMMENT ON COLUMN ref.site_subnets.network IS 'Network, such as 10.20.0.0/16.';
COMMENT ON COLUMN ref.site_subnets.site IS 'Name of the site.';
COMMENT ON COLUMN ref.site_subnets.city IS 'City; null if not said.';
COMMENT ON COLUMN ref.site_subnets.country IS 'Country; null if not said.';
COMMENT ON COLUMN ref.site_subnets.is_vpn IS 'Whether it is a VPN.';
COMMENT ON COLUMN ref.site_subnets.is_expressroute IS 'Whether it reaches Microsoft by ExpressRoute.';

CREATE VIEW live.network_subnet_quality_daily AS
 SELECT x.tenant_id,
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
    analytics.pct((x.poor)::numeric, ((x.good + x.poor))::numeric) AS poor_pct,
    x.rtt_avg_ms,
    x.rtt_p95_ms,
    x.jitter_avg_ms,
    x.packet_loss_avg,
    analytics.pct((x.tcp)::numeric, (x.streams)::numeric) AS tcp_pct,
    ((analytics.lower_ascii(x.connection_type) = 'tunnel'::text) OR COALESCE(w.is_vpn, false)) AS is_vpn,
    live.is_common_subnet(x.subnet) AS is_common_subnet
   FROM ((ref.days d
     CROSS JOIN LATERAL ( SELECT s.tenant_id,
            s.media_kind,
            s.subnet,
                CASE
                    WHEN live.is_common_subnet(s.subnet) THEN host(s.reflexive_ip_address)
                    ELSE NULL::text
                END AS public_ip,
            s.connection_type,
            s.wifi_band,
            s.network_transport_protocol AS transport,
            count(*) AS streams,
            count(DISTINCT s.person_id) AS users,
            count(*) FILTER (WHERE (s.quality = 'good'::text)) AS good,
            count(*) FILTER (WHERE (s.quality = 'poor'::text)) AS poor,
            live.to_float8(avg((s.average_round_trip_time_ms)::numeric)) AS rtt_avg_ms,
            percentile_cont((0.95)::double precision) WITHIN GROUP (ORDER BY s.average_round_trip_time_ms) AS rtt_p95_ms,
            live.to_float8(avg((s.average_jitter_ms)::numeric)) AS jitter_avg_ms,
            live.to_float8(avg((s.average_packet_loss_rate)::numeric)) AS packet_loss_avg,
            count(*) FILTER (WHERE (analytics.lower_ascii(s.network_transport_protocol) = 'tcp'::text)) AS tcp
           FROM live.sided_streams s
          WHERE ((s.call_start_at >= d.from_at) AND (s.call_start_at < d.to_at))
          GROUP BY s.subnet,
                CASE
                    WHEN live.is_common_subnet(s.subnet) THEN host(s.reflexive_ip_address)
                    ELSE NULL::text
                END, s.media_kind, s.connection_type, s.wifi_band, s.network_transport_protocol, s.tenant_id) x)
     LEFT JOIN LATERAL ( SELECT l.site,
            l.is_vpn
           FROM ref.site_subnets l
          WHERE (((l.network)::inet >>= live.to_inet(split_part(x.subnet, '/'::text, 1))) AND ((l.tenant_id = x.tenant_id) OR (l.tenant_id IS NULL)))
          ORDER BY (masklen((l.network)::inet)) DESC, l.tenant_id
         LIMIT 1) w ON (true));
COMMENT ON VIEW live.network_subnet_quality_daily IS 'Computes the rows of analytics.network_subnet_quality_daily from teams.';
COMMENT ON COLUMN live.network_subnet_quality_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.network_subnet_quality_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.network_subnet_quality_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN live.network_subnet_quality_daily.site IS 'Site of the subnet: the longest prefix of ref.site_subnets; null if none fits.';
COMMENT ON COLUMN live.network_subnet_quality_daily.subnet IS 'Subnet of the client (Graph: subnet); null if not served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.public_ip IS 'Public address of the client where is_common_subnet, which tells home networks apart; null for other subnets.';
COMMENT ON COLUMN live.network_subnet_quality_daily.connection_type IS 'How the client was connected (Graph: connectionType), such as wired, wifi, mobile, tunnel; null if not served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.wifi_band IS 'Band of the wireless network (Graph: wifiBand), such as frequency24GHz; null if not served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.transport IS 'Protocol of the media (Graph: networkTransportProtocol), such as udp, tcp; null if not served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.streams IS 'Streams.';
COMMENT ON COLUMN live.network_subnet_quality_daily.users IS 'Different people. Not to be added up over rows, days or trunks.';
COMMENT ON COLUMN live.network_subnet_quality_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN live.network_subnet_quality_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN live.network_subnet_quality_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN live.network_subnet_quality_daily.rtt_avg_ms IS 'Mean of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.rtt_p95_ms IS '95th percentile of the streams'' mean round trip, in milliseconds; null if none was served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.jitter_avg_ms IS 'Mean of the streams'' mean jitter, in milliseconds; null if none was served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.packet_loss_avg IS 'Mean share of packets lost, 0 to 1; null if none was served.';
COMMENT ON COLUMN live.network_subnet_quality_daily.tcp_pct IS 'Streams over TCP, which a firewall that lets no UDP through forces, in percent of all, 0 to 100.';
COMMENT ON COLUMN live.network_subnet_quality_daily.is_vpn IS 'Whether it is a VPN, by connection_type tunnel or by its site; null if not known.';
COMMENT ON COLUMN live.network_subnet_quality_daily.is_common_subnet IS 'Whether many home routers use the subnet, so that it names no place; null without a subnet.';

CREATE VIEW live.phone_user_daily AS
 SELECT x.tenant_id,
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
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT t.tenant_id,
            t.source,
            t.user_id,
                CASE
                    WHEN (t.scenario = ANY (ARRAY['user'::text, 'voice_app'::text, 'user_forward'::text, 'user_transfer'::text])) THEN t.own_number
                    ELSE NULL::text
                END AS own_number,
            t.currency,
            count(*) AS calls,
            sum(t.duration_s) FILTER (WHERE (t.direction = 'inbound'::text)) AS in_s,
            sum(t.duration_s) FILTER (WHERE (t.direction = 'outbound'::text)) AS out_s,
            sum(t.duration_s) FILTER (WHERE ((t.direction = 'outbound'::text) AND t.is_international)) AS international_out_s,
            sum(t.duration_s) FILTER (WHERE (t.scenario = 'user_forward'::text)) AS forwarded_s,
            sum(t.total_cost) AS total_cost,
            min(t.attempt_at) FILTER (WHERE (t.direction = 'inbound'::text)) AS first_in_at,
            max(t.attempt_at) FILTER (WHERE (t.direction = 'inbound'::text)) AS last_in_at,
            min(t.attempt_at) FILTER (WHERE (t.direction = 'outbound'::text)) AS first_out_at,
            max(t.attempt_at) FILTER (WHERE (t.direction = 'outbound'::text)) AS last_out_at,
            max(t.attempt_at) AS last_call_at
           FROM analytics.telephony_calls t
          WHERE ((t.attempt_at >= d.from_at) AND (t.attempt_at < d.to_at))
          GROUP BY t.tenant_id, t.source, t.user_id,
                CASE
                    WHEN (t.scenario = ANY (ARRAY['user'::text, 'voice_app'::text, 'user_forward'::text, 'user_transfer'::text])) THEN t.own_number
                    ELSE NULL::text
                END, t.currency) x);
COMMENT ON VIEW live.phone_user_daily IS 'Telephone use by day, source, user, own number and currency, from which minutes by month and unused numbers are made.';
COMMENT ON COLUMN live.phone_user_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.phone_user_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.phone_user_daily.source IS 'Phone log it is from. One of: pstn, direct_routing.';
COMMENT ON COLUMN live.phone_user_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN live.phone_user_daily.own_number IS 'The user''s number; null for conferences and the like, where it is the service''s, and if not served.';
COMMENT ON COLUMN live.phone_user_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.phone_user_daily.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN live.phone_user_daily.in_s IS 'Time of inbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.out_s IS 'Time of outbound calls, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.international_out_s IS 'Time of outbound calls abroad, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.forwarded_s IS 'Time of calls forwarded to a telephone, in seconds; null if there was none.';
COMMENT ON COLUMN live.phone_user_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN live.phone_user_daily.first_in_at IS 'First inbound call; null if none is known.';
COMMENT ON COLUMN live.phone_user_daily.last_in_at IS 'Last inbound call; null if none is known.';
COMMENT ON COLUMN live.phone_user_daily.first_out_at IS 'First outbound call; null if none is known.';
COMMENT ON COLUMN live.phone_user_daily.last_out_at IS 'Last outbound call; null if none is known.';
COMMENT ON COLUMN live.phone_user_daily.last_call_at IS 'Attempt of the last call.';

CREATE VIEW live.poor_stream_rate_daily AS
 SELECT x.tenant_id,
    d.day,
    x.media_kind,
    x.call_kind,
    x.streams,
    x.good,
    x.poor,
    x.unclassified,
    analytics.pct((x.poor)::numeric, ((x.good + x.poor))::numeric) AS poor_pct,
    analytics.pct((x.poor)::numeric, (x.streams)::numeric) AS poor_pct_all
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT s.tenant_id,
            s.media_kind,
            s.call_kind,
            count(*) AS streams,
            count(*) FILTER (WHERE (s.quality = 'good'::text)) AS good,
            count(*) FILTER (WHERE (s.quality = 'poor'::text)) AS poor,
            count(*) FILTER (WHERE (s.quality = 'unclassified'::text)) AS unclassified
           FROM live.streams s
          WHERE ((s.call_start_at >= d.from_at) AND (s.call_start_at < d.to_at))
          GROUP BY s.tenant_id, s.media_kind, s.call_kind) x);
COMMENT ON VIEW live.poor_stream_rate_daily IS 'Computes the rows of analytics.poor_stream_rate_daily from teams.';
COMMENT ON COLUMN live.poor_stream_rate_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.poor_stream_rate_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.poor_stream_rate_daily.media_kind IS 'What the stream carries; vbss is screen sharing. One of: audio, video, vbss, data.';
COMMENT ON COLUMN live.poor_stream_rate_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN live.poor_stream_rate_daily.streams IS 'Streams.';
COMMENT ON COLUMN live.poor_stream_rate_daily.good IS 'Streams of quality good.';
COMMENT ON COLUMN live.poor_stream_rate_daily.poor IS 'Streams of quality poor.';
COMMENT ON COLUMN live.poor_stream_rate_daily.unclassified IS 'Streams with too little to judge by.';
COMMENT ON COLUMN live.poor_stream_rate_daily.poor_pct IS 'poor in percent of good and poor, 0 to 100; null if there were neither.';
COMMENT ON COLUMN live.poor_stream_rate_daily.poor_pct_all IS 'poor in percent of all streams, 0 to 100.';

CREATE VIEW live.pstn_cost_daily AS
 SELECT x.tenant_id,
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
    round(((x.duration_s)::numeric / 60.0), 2) AS minutes,
    x.billed_minutes_estimate,
    x.charge,
    x.connection_charge,
    x.total_cost,
    x.free_calls
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT t.tenant_id,
            t.provider,
            t.scenario,
            t.direction,
            t.destination_context,
            t.destination_name,
            t.usage_country_code,
            t.license_capability,
            t.currency,
            count(*) AS calls,
            count(*) FILTER (WHERE t.answered) AS answered,
            sum(t.duration_s) AS duration_s,
            (sum(ceil(((t.duration_s)::numeric / 60.0))))::bigint AS billed_minutes_estimate,
            sum(t.charge) AS charge,
            sum(t.connection_charge) AS connection_charge,
            sum(t.total_cost) AS total_cost,
            count(*) FILTER (WHERE (analytics.lower_ascii(t.license_capability) = 'freecall'::text)) AS free_calls
           FROM analytics.telephony_calls t
          WHERE ((t.source = 'pstn'::text) AND (t.attempt_at >= d.from_at) AND (t.attempt_at < d.to_at))
          GROUP BY t.tenant_id, t.provider, t.scenario, t.direction, t.destination_context, t.destination_name, t.usage_country_code, t.license_capability, t.currency) x);
COMMENT ON VIEW live.pstn_cost_daily IS 'Computes the rows of analytics.pstn_cost_daily from teams.';
COMMENT ON COLUMN live.pstn_cost_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.pstn_cost_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.pstn_cost_daily.provider IS 'Who carries the call. One of: calling_plan, operator_connect, direct_routing, audio_conferencing.';
COMMENT ON COLUMN live.pstn_cost_daily.scenario IS 'What the call is for (ref.call_types, analytics.scenario_of). One of: user, user_forward, user_transfer, user_add_participant, voice_app, audio_conference, emergency, unassigned_number, other.';
COMMENT ON COLUMN live.pstn_cost_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.pstn_cost_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.destination_name IS 'Country or region dialed, in English, as served; null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.usage_country_code IS 'ISO 3166-1 alpha-2 country of the user; null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.license_capability IS 'Licence that was charged (ref.license_codes); null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.calls IS 'Calls, answered or not.';
COMMENT ON COLUMN live.pstn_cost_daily.answered IS 'Calls that were answered.';
COMMENT ON COLUMN live.pstn_cost_daily.duration_s IS 'Time connected, in seconds; null if not served.';
COMMENT ON COLUMN live.pstn_cost_daily.minutes IS 'duration_s in minutes, rounded to two places; null if no duration was served.';
COMMENT ON COLUMN live.pstn_cost_daily.billed_minutes_estimate IS 'Minutes with each call rounded up, as most tariffs bill; null if no duration was served.';
COMMENT ON COLUMN live.pstn_cost_daily.charge IS 'Cost without connection charges, in currency; null if none was served.';
COMMENT ON COLUMN live.pstn_cost_daily.connection_charge IS 'Connection charges, in currency; null if none was served.';
COMMENT ON COLUMN live.pstn_cost_daily.total_cost IS 'charge and connection_charge, in currency; null if neither was served.';
COMMENT ON COLUMN live.pstn_cost_daily.free_calls IS 'Calls that a fault at Microsoft left without a price (licence FREECALL).';

CREATE VIEW live.pstn_matches AS
 SELECT x.tenant_id,
    d.day,
    x.id,
    x.start_at,
    x.call_id,
    x.method,
    x.score
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT p.tenant_id,
            p.id,
            p.start_at,
            COALESCE(named.call_id, likely.call_id) AS call_id,
                CASE
                    WHEN (named.call_id IS NULL) THEN 'heuristic'::text
                    ELSE 'call_id'::text
                END AS method,
                CASE
                    WHEN (named.call_id IS NULL) THEN likely.score
                    ELSE NULL::integer
                END AS score
           FROM ((((teams.pstn_calls p
             LEFT JOIN ref.call_types k ON ((k.call_type = analytics.lower_ascii(p.call_type))))
             CROSS JOIN LATERAL ( SELECT
                        CASE COALESCE(k.direction, analytics.direction_of(analytics.call_tokens(p.call_type)))
                            WHEN 'outbound'::text THEN p.callee_number
                            ELSE p.caller_number
                        END AS external_number) n)
             LEFT JOIN LATERAL ( SELECT c.id AS call_id
                   FROM teams.call_records c
                  WHERE ((c.tenant_id = p.tenant_id) AND (c.details_version IS NOT NULL) AND (c.id =
                        CASE
                            WHEN (p.call_id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'::text) THEN (p.call_id)::uuid
                            ELSE NULL::uuid
                        END) AND (c.start_at > (p.start_at - '20:00:00'::interval)) AND (c.start_at < (p.start_at + '20:00:00'::interval)))
                 LIMIT 1) named ON (true))
             LEFT JOIN LATERAL ( SELECT (array_agg(best.id))[1] AS call_id,
                    best.score,
                    count(*) AS candidates
                   FROM ( SELECT c.id,
                            ((1 + (COALESCE(bool_or((q.user_id = p.user_id)), false))::integer) + (COALESCE(bool_or((q.is_phone AND analytics.number_matches(q.identity_id, n.external_number))), false))::integer) AS score
                           FROM (teams.call_records c
                             CROSS JOIN LATERAL ( SELECT m.user_id,
                                    m.identity_id,
                                    (m.identity_kind = 'phone'::text) AS is_phone
                                   FROM teams.call_participants m
                                  WHERE ((m.tenant_id = c.tenant_id) AND (m.call_id = c.id))
                                UNION ALL
                                 SELECT NULL::uuid,
                                    o.organizer_identity_id,
                                    (o.organizer_identity_kind = 'phone'::text)
                                   FROM teams.call_records o
                                  WHERE ((o.tenant_id = c.tenant_id) AND (o.id = c.id))) q)
                          WHERE ((NOT (c.tenant_id IS DISTINCT FROM p.tenant_id)) AND (c.details_version IS NOT NULL) AND (c.start_at >= (p.start_at - '00:01:00'::interval)) AND (c.start_at <= (p.start_at + '00:01:00'::interval)) AND ((q.user_id = p.user_id) OR q.is_phone))
                          GROUP BY c.id) best
                  WHERE (best.score >= 2)
                  GROUP BY best.score
                  ORDER BY best.score DESC
                 LIMIT 1) likely ON (((named.call_id IS NULL) AND (likely.candidates = 1))))
          WHERE ((p.start_at >= d.from_at) AND (p.start_at < d.to_at) AND (COALESCE(named.call_id, likely.call_id) IS NOT NULL))) x);
COMMENT ON VIEW live.pstn_matches IS 'PSTN rows and the call record each belongs to.';
COMMENT ON COLUMN live.pstn_matches.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.pstn_matches.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.pstn_matches.id IS 'Id of the row in teams.pstn_calls.';
COMMENT ON COLUMN live.pstn_matches.start_at IS 'Start of the call (Graph: startDateTime), cut to the microsecond. Graph''s time windows apply to it.';
COMMENT ON COLUMN live.pstn_matches.call_id IS 'The call record (teams.call_records.id).';
COMMENT ON COLUMN live.pstn_matches.method IS 'How it was found: call_id or heuristic.';
COMMENT ON COLUMN live.pstn_matches.score IS 'Score of a heuristic match, 2 or 3; null for others.';

CREATE VIEW live.sms_usage_daily AS
 SELECT x.tenant_id,
    d.day,
    x.user_id,
    x.direction,
    x.destination_context,
    x.currency,
    x.messages,
    x.units,
    x.charge
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT m.tenant_id,
            m.user_id,
            COALESCE(k.direction, analytics.direction_of(analytics.call_tokens(m.sms_type))) AS direction,
            m.destination_context,
            m.currency,
            count(*) AS messages,
            sum(m.sms_units) AS units,
            sum(m.call_charge) AS charge
           FROM (teams.sms_messages m
             LEFT JOIN ref.call_types k ON ((k.call_type = analytics.lower_ascii(m.sms_type))))
          WHERE ((m.sent_at >= d.from_at) AND (m.sent_at < d.to_at))
          GROUP BY m.tenant_id, m.user_id, COALESCE(k.direction, analytics.direction_of(analytics.call_tokens(m.sms_type))), m.destination_context, m.currency) x);
COMMENT ON VIEW live.sms_usage_daily IS 'Computes the rows of analytics.sms_usage_daily from teams.';
COMMENT ON COLUMN live.sms_usage_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.sms_usage_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.sms_usage_daily.user_id IS 'Entra object id of the user; joins to users; null unless a user.';
COMMENT ON COLUMN live.sms_usage_daily.direction IS 'As seen from here. One of: inbound, outbound, unknown.';
COMMENT ON COLUMN live.sms_usage_daily.destination_context IS 'Domestic or International, as served; null if not served.';
COMMENT ON COLUMN live.sms_usage_daily.currency IS 'ISO 4217 code of the money beside it; null if not served.';
COMMENT ON COLUMN live.sms_usage_daily.messages IS 'Messages.';
COMMENT ON COLUMN live.sms_usage_daily.units IS 'Parts that the messages were billed as; null if not served.';
COMMENT ON COLUMN live.sms_usage_daily.charge IS 'Cost, in currency; null if none was served.';

CREATE VIEW live.user_activity_daily AS
 SELECT x.tenant_id,
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
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT u.tenant_id,
            u.user_id,
            (COALESCE(sum(u.p2p_calls), (0)::numeric))::bigint AS p2p_calls,
            (COALESCE(sum(u.group_calls), (0)::numeric))::bigint AS group_calls,
            (COALESCE(sum(u.organized), (0)::numeric))::bigint AS organized,
            (COALESCE(sum(u.talk_s), (0)::numeric))::double precision AS talk_s,
            (COALESCE(sum(u.phone_in), (0)::numeric))::bigint AS phone_in,
            (COALESCE(sum(u.phone_out), (0)::numeric))::bigint AS phone_out,
            (COALESCE(sum(u.phone_s), (0)::numeric))::bigint AS phone_s,
            (COALESCE(sum(u.missed), (0)::numeric))::bigint AS missed,
            (COALESCE(sum(u.sms), (0)::numeric))::bigint AS sms,
            (COALESCE(sum(u.streams), (0)::numeric))::bigint AS streams,
            (COALESCE(sum(u.poor_streams), (0)::numeric))::bigint AS poor_streams
           FROM ( SELECT y.tenant_id,
                    y.user_id,
                    y.p2p_calls,
                    y.group_calls,
                    NULL::bigint AS organized,
                    ( SELECT sum(EXTRACT(epoch FROM (upper(r.r) - lower(r.r)))) AS sum
                           FROM unnest(y.talk) r(r)) AS talk_s,
                    NULL::bigint AS phone_in,
                    NULL::bigint AS phone_out,
                    NULL::bigint AS phone_s,
                    NULL::bigint AS missed,
                    NULL::bigint AS sms,
                    NULL::bigint AS streams,
                    NULL::bigint AS poor_streams
                   FROM ( SELECT c.tenant_id,
                            e.user_id,
                            count(DISTINCT c.id) FILTER (WHERE (c.call_kind = 'p2p'::text)) AS p2p_calls,
                            count(DISTINCT c.id) FILTER (WHERE (c.call_kind = 'group'::text)) AS group_calls,
                            range_agg(tstzrange(s.start_at, s.end_at)) FILTER (WHERE ((s.start_at < s.end_at) AND (strpos(analytics.lower_ascii(array_to_string(s.modalities, ','::text)), 'audio'::text) > 0))) AS talk
                           FROM ((live.calls c
                             JOIN teams.sessions s ON (((s.tenant_id = c.tenant_id) AND (s.call_id = c.id))))
                             JOIN teams.session_endpoints e ON (((e.tenant_id = s.tenant_id) AND (e.call_id = s.call_id) AND (e.session_index = s.session_index))))
                          WHERE ((c.start_at >= d.from_at) AND (c.start_at < d.to_at) AND (s.is_test IS NOT TRUE) AND (e.user_id IS NOT NULL))
                          GROUP BY c.tenant_id, e.user_id) y
                UNION ALL
                 SELECT c.tenant_id,
                    c.organizer_user_id,
                    NULL::bigint,
                    NULL::bigint,
                    count(*) AS count,
                    NULL::numeric,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint
                   FROM live.calls c
                  WHERE ((c.start_at >= d.from_at) AND (c.start_at < d.to_at) AND (c.organizer_user_id IS NOT NULL))
                  GROUP BY c.tenant_id, c.organizer_user_id
                UNION ALL
                 SELECT t.tenant_id,
                    t.user_id,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::numeric,
                    count(*) FILTER (WHERE (t.direction = 'inbound'::text)) AS count,
                    count(*) FILTER (WHERE (t.direction = 'outbound'::text)) AS count,
                    sum(t.duration_s) AS sum,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint
                   FROM analytics.telephony_calls t
                  WHERE ((t.attempt_at >= d.from_at) AND (t.attempt_at < d.to_at) AND (t.user_id IS NOT NULL))
                  GROUP BY t.tenant_id, t.user_id
                UNION ALL
                 SELECT i.tenant_id,
                    i.user_id,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::numeric,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    count(*) AS count,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint
                   FROM analytics.inbound_calls i
                  WHERE (i.missed AND (i.call_start_at >= d.from_at) AND (i.call_start_at < d.to_at) AND (i.user_id IS NOT NULL))
                  GROUP BY i.tenant_id, i.user_id
                UNION ALL
                 SELECT m.tenant_id,
                    m.user_id,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::numeric,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    count(*) AS count,
                    NULL::bigint,
                    NULL::bigint
                   FROM teams.sms_messages m
                  WHERE ((m.sent_at >= d.from_at) AND (m.sent_at < d.to_at) AND (m.user_id IS NOT NULL))
                  GROUP BY m.tenant_id, m.user_id
                UNION ALL
                 SELECT g.tenant_id,
                    e.user_id,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::numeric,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    NULL::bigint,
                    sum(g.streams) AS sum,
                    sum(g.poor_streams) AS sum
                   FROM (( SELECT s.tenant_id,
                            s.call_id,
                            s.session_index,
                            s.segment_index,
                            count(*) AS streams,
                            count(*) FILTER (WHERE (s.quality = 'poor'::text)) AS poor_streams
                           FROM live.streams s
                          WHERE ((s.call_start_at >= d.from_at) AND (s.call_start_at < d.to_at))
                          GROUP BY s.tenant_id, s.call_id, s.session_index, s.segment_index) g
                     CROSS JOIN LATERAL ( SELECT DISTINCT e_1.user_id
                           FROM teams.segment_endpoints e_1
                          WHERE ((e_1.tenant_id = g.tenant_id) AND (e_1.call_id = g.call_id) AND (e_1.session_index = g.session_index) AND (e_1.segment_index = g.segment_index) AND (e_1.user_id IS NOT NULL))) e)
                  GROUP BY g.tenant_id, e.user_id) u
          GROUP BY u.tenant_id, u.user_id) x)
  WHERE (NOT (EXISTS ( SELECT
           FROM ref.service_identities i
          WHERE ((i.identity_id = (x.user_id)::text) AND ((i.tenant_id = x.tenant_id) OR (i.tenant_id IS NULL))))));
COMMENT ON VIEW live.user_activity_daily IS 'Computes the rows of analytics.user_activity_daily from teams.';
COMMENT ON COLUMN live.user_activity_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.user_activity_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.user_activity_daily.user_id IS 'Entra object id of the user. Joins to users.';
COMMENT ON COLUMN live.user_activity_daily.p2p_calls IS 'Calls of two.';
COMMENT ON COLUMN live.user_activity_daily.group_calls IS 'Meetings and group calls.';
COMMENT ON COLUMN live.user_activity_daily.organized IS 'Calls that the user organized.';
COMMENT ON COLUMN live.user_activity_daily.talk_s IS 'Time in sessions with audio of the day''s calls, in seconds; two at once count once.';
COMMENT ON COLUMN live.user_activity_daily.phone_in IS 'Inbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN live.user_activity_daily.phone_out IS 'Outbound telephone calls, answered or not, of both phone logs.';
COMMENT ON COLUMN live.user_activity_daily.phone_s IS 'Time on the telephone by both phone logs, in seconds.';
COMMENT ON COLUMN live.user_activity_daily.missed IS 'Missed calls (missed_calls).';
COMMENT ON COLUMN live.user_activity_daily.sms IS 'Text messages, either direction.';
COMMENT ON COLUMN live.user_activity_daily.streams IS 'Streams with the user on either side; one between two users counts for both.';
COMMENT ON COLUMN live.user_activity_daily.poor_streams IS 'Streams of quality poor among these.';

CREATE VIEW live.user_feedback_daily AS
 SELECT x.tenant_id,
    d.day,
    x.call_kind,
    x.platform,
    x.rated,
    x.poor,
    analytics.pct((x.poor)::numeric, (x.rated)::numeric) AS poor_pct,
    x.avg_rating
   FROM (ref.days d
     CROSS JOIN LATERAL ( SELECT f.tenant_id,
            f.call_kind,
            f.platform,
            count(*) AS rated,
            count(*) FILTER (WHERE (analytics.lower_ascii(f.feedback_rating) = ANY (ARRAY['bad'::text, 'poor'::text]))) AS poor,
            round(avg(array_position(ARRAY['bad'::text, 'poor'::text, 'fair'::text, 'good'::text, 'excellent'::text], analytics.lower_ascii(f.feedback_rating))), 2) AS avg_rating
           FROM analytics.user_feedback f
          WHERE ((f.call_start_at >= d.from_at) AND (f.call_start_at < d.to_at))
          GROUP BY f.tenant_id, f.call_kind, f.platform) x);
COMMENT ON VIEW live.user_feedback_daily IS 'Computes the rows of analytics.user_feedback_daily from teams.';
COMMENT ON COLUMN live.user_feedback_daily.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN live.user_feedback_daily.day IS 'Day of the report time zone (ref.settings); joins to days.';
COMMENT ON COLUMN live.user_feedback_daily.call_kind IS 'A meeting or group call, or a call of two. One of: group, p2p.';
COMMENT ON COLUMN live.user_feedback_daily.platform IS 'Platform of the client, such as windows, iOS; null if not served.';
COMMENT ON COLUMN live.user_feedback_daily.rated IS 'Ratings given.';
COMMENT ON COLUMN live.user_feedback_daily.poor IS 'Ratings bad or poor.';
COMMENT ON COLUMN live.user_feedback_daily.poor_pct IS 'poor in percent of rated, 0 to 100.';
COMMENT ON COLUMN live.user_feedback_daily.avg_rating IS 'Mean rating, 1 (bad) to 5 (excellent); null if only unknown words were given.';

CREATE TABLE ref.license_codes (
    license_capability text NOT NULL,
    family text NOT NULL,
    meaning text NOT NULL
);
COMMENT ON TABLE ref.license_codes IS 'What the codes of licences stand for.';
COMMENT ON COLUMN ref.license_codes.license_capability IS 'Code, as the logs name it.';
COMMENT ON COLUMN ref.license_codes.family IS 'What it is for: calling, voice_app, conferencing, sms, or none.';
COMMENT ON COLUMN ref.license_codes.meaning IS 'The licence in words.';

CREATE TABLE rollup.digests (
    list text NOT NULL,
    digest text NOT NULL
);
COMMENT ON TABLE rollup.digests IS 'The lists that the figures of rollups depend on, as the last refresh found them. If one has changed, all days are computed anew.';
COMMENT ON COLUMN rollup.digests.list IS 'Name of the list.';
COMMENT ON COLUMN rollup.digests.digest IS 'Digest of its rows (rollup.lists).';

CREATE TABLE rollup.frozen (
    tenant_id uuid NOT NULL,
    source text NOT NULL,
    before timestamp with time zone NOT NULL
);
COMMENT ON TABLE rollup.frozen IS 'Before when rows of an endpoint were deleted by retention. A day that would read any of them is never computed again, and keeps its figures.';
COMMENT ON COLUMN rollup.frozen.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN rollup.frozen.source IS 'The endpoint.';
COMMENT ON COLUMN rollup.frozen.before IS 'All rows before this time may be gone. Set in the transaction that deletes them.';

CREATE VIEW rollup.lists AS
 SELECT list.list,
    rollup.digest((list.list)::regclass) AS digest
   FROM unnest(ARRAY['ref.call_types'::text, 'ref.calling_codes'::text, 'ref.fraud_rules'::text, 'ref.service_identities'::text, 'ref.settings'::text, 'ref.sip_outcomes'::text, 'ref.site_subnets'::text, 'rollup.views'::text]) list(list);
COMMENT ON VIEW rollup.lists IS 'The lists that the figures of rollups depend on, as they are now.';
COMMENT ON COLUMN rollup.lists.list IS 'Name of the list.';
COMMENT ON COLUMN rollup.lists.digest IS 'Digest of its rows.';

CREATE TABLE rollup.sources (
    name text NOT NULL,
    at text NOT NULL
);
COMMENT ON TABLE rollup.sources IS 'The endpoints, and how their rows are counted.';
COMMENT ON COLUMN rollup.sources.name IS 'Name of the endpoint and of its table in schema teams.';
COMMENT ON COLUMN rollup.sources.at IS 'The time of a row that decides in which hours and days it counts, as SQL.';

CREATE VIEW rollup.stale_days AS
 SELECT s.at,
    d.day
   FROM (( SELECT DISTINCT stale.at
           FROM rollup.stale
          WHERE (((stale.at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (stale.at <= '9999-12-31 00:00:00+00'::timestamp with time zone)) AND (stale.note_xid < ( SELECT rollup.ripe_before() AS ripe_before)))) s
     JOIN ref.days d ON (((d.from_at < (s.at + '01:10:00'::interval)) AND (d.to_at > (s.at - '00:10:00'::interval)) AND (d.from_at > (s.at - '26:00:00'::interval)))));
COMMENT ON VIEW rollup.stale_days IS 'The days that the hours of rollup.stale lie in or are close to: a row matches others within a minute of it.';
COMMENT ON COLUMN rollup.stale_days.at IS 'The hour.';
COMMENT ON COLUMN rollup.stale_days.day IS 'A day that is to be computed anew.';

ALTER TABLE ONLY ingest.acknowledgements
    ADD CONSTRAINT acknowledgements_tenant_id_endpoint_span_from_span_to_call__key UNIQUE NULLS NOT DISTINCT (tenant_id, endpoint, span_from, span_to, call_id);

ALTER TABLE ONLY ingest.backfills
    ADD CONSTRAINT backfills_pkey PRIMARY KEY (backfill_id);

ALTER TABLE ONLY ingest.changed_days
    ADD CONSTRAINT changed_days_pkey PRIMARY KEY (tenant_id, day);

ALTER TABLE ONLY ingest.daemons
    ADD CONSTRAINT daemons_pkey PRIMARY KEY (daemon_id);

ALTER TABLE ONLY ingest.details_retries
    ADD CONSTRAINT details_retries_pkey PRIMARY KEY (tenant_id, call_id);

ALTER TABLE ONLY ingest.endpoints
    ADD CONSTRAINT endpoints_pkey PRIMARY KEY (tenant_id, endpoint);

ALTER TABLE ONLY ingest.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (tenant_id, erasure_id);

ALTER TABLE ONLY ingest.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (role);

ALTER TABLE ONLY ingest.marks
    ADD CONSTRAINT marks_pkey PRIMARY KEY (tenant_id, endpoint, name);

ALTER TABLE ONLY ingest.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (tenant_id, endpoint, slot_from);

ALTER TABLE ONLY ingest.rejects
    ADD CONSTRAINT rejects_pkey PRIMARY KEY (tenant_id, endpoint, sha256);

ALTER TABLE ONLY ingest.rewrites
    ADD CONSTRAINT rewrites_pkey PRIMARY KEY (tenant_id, endpoint, name);

ALTER TABLE ONLY ingest.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY ingest.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (tenant_id, endpoint, slot_from);

ALTER TABLE ONLY ingest.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY ingest.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY ingest.told_records
    ADD CONSTRAINT told_records_pkey PRIMARY KEY (tenant_id, call_id);

ALTER TABLE ONLY ingest.tombstones
    ADD CONSTRAINT tombstones_pkey PRIMARY KEY (tenant_id, tombstone_id);

ALTER TABLE ONLY ingest.unknown_members
    ADD CONSTRAINT unknown_members_pkey PRIMARY KEY (endpoint, member);

ALTER TABLE ONLY ref.call_types
    ADD CONSTRAINT call_types_pkey PRIMARY KEY (call_type);

ALTER TABLE ONLY ref.calling_codes
    ADD CONSTRAINT calling_codes_dialled_key UNIQUE (dialled);

ALTER TABLE ONLY ref.calling_codes
    ADD CONSTRAINT calling_codes_pkey PRIMARY KEY (prefix);

ALTER TABLE ONLY ref.days
    ADD CONSTRAINT days_from_at_key UNIQUE (from_at);

ALTER TABLE ONLY ref.days
    ADD CONSTRAINT days_pkey PRIMARY KEY (day);

ALTER TABLE ONLY ref.fraud_rules
    ADD CONSTRAINT fraud_rules_tenant_id_rule_parameter_key UNIQUE NULLS NOT DISTINCT (tenant_id, rule, parameter);

ALTER TABLE ONLY ref.hours
    ADD CONSTRAINT hours_pkey PRIMARY KEY (hour);

ALTER TABLE ONLY ref.license_codes
    ADD CONSTRAINT license_codes_pkey PRIMARY KEY (license_capability);

ALTER TABLE ONLY ref.license_pools
    ADD CONSTRAINT license_pools_tenant_id_license_capability_usage_country_co_key UNIQUE NULLS NOT DISTINCT (tenant_id, license_capability, usage_country, context);

ALTER TABLE ONLY ref.ms_subcodes
    ADD CONSTRAINT ms_subcodes_pkey PRIMARY KEY (sip_code, sub_reason);

ALTER TABLE ONLY ref.numbers
    ADD CONSTRAINT numbers_number_tenant_id_key UNIQUE NULLS NOT DISTINCT (number, tenant_id);

ALTER TABLE ONLY ref.org_units
    ADD CONSTRAINT org_units_user_id_tenant_id_valid_from_key UNIQUE NULLS NOT DISTINCT (user_id, tenant_id, valid_from);

ALTER TABLE ONLY ref.quality_targets
    ADD CONSTRAINT quality_targets_tenant_id_media_kind_call_kind_key UNIQUE NULLS NOT DISTINCT (tenant_id, media_kind, call_kind);

ALTER TABLE ONLY ref.service_identities
    ADD CONSTRAINT service_identities_tenant_id_identity_id_key UNIQUE NULLS NOT DISTINCT (tenant_id, identity_id);

ALTER TABLE ONLY ref.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (single);

ALTER TABLE ONLY ref.sip_outcomes
    ADD CONSTRAINT sip_outcomes_sip_code_sub_reason_key UNIQUE NULLS NOT DISTINCT (sip_code, sub_reason);

ALTER TABLE ONLY ref.site_subnets
    ADD CONSTRAINT site_subnets_tenant_id_network_key UNIQUE NULLS NOT DISTINCT (tenant_id, network);

ALTER TABLE ONLY rollup.digests
    ADD CONSTRAINT digests_pkey PRIMARY KEY (list);

ALTER TABLE ONLY rollup.frozen
    ADD CONSTRAINT frozen_pkey PRIMARY KEY (tenant_id, source);

ALTER TABLE ONLY rollup.pstn_matches
    ADD CONSTRAINT pstn_matches_pkey PRIMARY KEY (tenant_id, id, start_at);

ALTER TABLE ONLY rollup.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (name);

ALTER TABLE ONLY rollup.views
    ADD CONSTRAINT views_pkey PRIMARY KEY (name);

ALTER TABLE ONLY teams.call_participants
    ADD CONSTRAINT call_participants_pkey PRIMARY KEY (tenant_id, call_id, participant_index);

ALTER TABLE ONLY teams.call_record_versions
    ADD CONSTRAINT call_record_versions_pkey PRIMARY KEY (tenant_id, call_id, version);

ALTER TABLE ONLY teams.call_records
    ADD CONSTRAINT call_records_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY teams.dialout_report
    ADD CONSTRAINT dialout_report_pkey PRIMARY KEY (tenant_id, window_from, window_to, report_key);

ALTER TABLE ONLY teams.direct_routing_calls
    ADD CONSTRAINT direct_routing_calls_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY teams.media_endpoints
    ADD CONSTRAINT media_endpoints_pkey PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index, side);

ALTER TABLE ONLY teams.media_streams
    ADD CONSTRAINT media_streams_pkey PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index, stream_index);

ALTER TABLE ONLY teams.pstn_blocked_users_log
    ADD CONSTRAINT pstn_blocked_users_log_pkey PRIMARY KEY (tenant_id, event_key);

ALTER TABLE ONLY teams.pstn_calls
    ADD CONSTRAINT pstn_calls_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY teams.segment_endpoints
    ADD CONSTRAINT segment_endpoints_pkey PRIMARY KEY (tenant_id, call_id, session_index, segment_index, side);

ALTER TABLE ONLY teams.segment_media
    ADD CONSTRAINT segment_media_pkey PRIMARY KEY (tenant_id, call_id, session_index, segment_index, media_index);

ALTER TABLE ONLY teams.segments
    ADD CONSTRAINT segments_pkey PRIMARY KEY (tenant_id, call_id, session_index, segment_index);

ALTER TABLE ONLY teams.session_endpoints
    ADD CONSTRAINT session_endpoints_pkey PRIMARY KEY (tenant_id, call_id, session_index, side);

ALTER TABLE ONLY teams.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, call_id, session_index);

ALTER TABLE ONLY teams.sms_messages
    ADD CONSTRAINT sms_messages_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY teams.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, user_id);

CREATE INDEX backfills_open ON ingest.backfills USING btree (tenant_id, endpoint, backfill_id) WHERE (finished_at IS NULL);

CREATE INDEX rejects_open ON ingest.rejects USING btree (tenant_id, endpoint, key) WHERE (resolved_at IS NULL);

CREATE INDEX rejects_unstored ON ingest.rejects USING btree (tenant_id, endpoint, slot_from) WHERE ((resolved_at IS NULL) AND (NOT stored));

CREATE INDEX runs_by_endpoint ON ingest.runs USING btree (tenant_id, endpoint, run_id);

CREATE INDEX runs_unfinished ON ingest.runs USING btree (tenant_id, endpoint) WHERE (finished_at IS NULL);

CREATE INDEX told_records_due ON ingest.told_records USING btree (tenant_id, next_at) WHERE due;

CREATE INDEX tombstones_change ON ingest.tombstones USING btree (tenant_id, change_xid);

CREATE INDEX tombstones_feed ON ingest.tombstones USING btree (change_xid, tenant_id);

CREATE INDEX hours_day ON ref.hours USING btree (day);

CREATE INDEX site_subnets_network ON ref.site_subnets USING gist (network inet_ops);

CREATE INDEX call_reliability_daily_day_idx ON rollup.call_reliability_daily USING btree (day);

CREATE INDEX call_volume_hourly_day_idx ON rollup.call_volume_hourly USING btree (day);

CREATE INDEX call_volume_hourly_hour_idx ON rollup.call_volume_hourly USING btree (hour);

CREATE INDEX client_quality_daily_day_idx ON rollup.client_quality_daily USING btree (day);

CREATE INDEX concurrent_calls_hourly_day_idx ON rollup.concurrent_calls_hourly USING btree (day);

CREATE INDEX concurrent_calls_hourly_hour_idx ON rollup.concurrent_calls_hourly USING btree (hour);

CREATE INDEX device_quality_daily_day_idx ON rollup.device_quality_daily USING btree (day);

CREATE INDEX dialout_reconciliation_day_idx ON rollup.dialout_reconciliation USING btree (day);

CREATE INDEX direct_routing_failures_hourly_day_idx ON rollup.direct_routing_failures_hourly USING btree (day);

CREATE INDEX direct_routing_failures_hourly_hour_idx ON rollup.direct_routing_failures_hourly USING btree (hour);

CREATE INDEX direct_routing_health_hourly_day_idx ON rollup.direct_routing_health_hourly USING btree (day);

CREATE INDEX direct_routing_health_hourly_hour_idx ON rollup.direct_routing_health_hourly USING btree (hour);

CREATE INDEX fraud_signals_daily_day_idx ON rollup.fraud_signals_daily USING btree (day);

CREATE INDEX fraud_signals_daily_user_id_day_idx ON rollup.fraud_signals_daily USING btree (user_id, day);

CREATE INDEX missed_calls_daily_day_idx ON rollup.missed_calls_daily USING btree (day);

CREATE INDEX missed_calls_daily_user_id_day_idx ON rollup.missed_calls_daily USING btree (user_id, day);

CREATE INDEX network_subnet_quality_daily_day_idx ON rollup.network_subnet_quality_daily USING btree (day);

CREATE INDEX phone_user_daily_day_idx ON rollup.phone_user_daily USING btree (day);

CREATE INDEX phone_user_daily_own_number_idx ON rollup.phone_user_daily USING btree (own_number);

CREATE INDEX phone_user_daily_user_id_day_idx ON rollup.phone_user_daily USING btree (user_id, day);

CREATE INDEX poor_stream_rate_daily_day_idx ON rollup.poor_stream_rate_daily USING btree (day);

CREATE INDEX pstn_cost_daily_day_idx ON rollup.pstn_cost_daily USING btree (day);

CREATE INDEX pstn_matches_call ON rollup.pstn_matches USING btree (call_id);

CREATE INDEX pstn_matches_day ON rollup.pstn_matches USING btree (day);

CREATE INDEX pstn_matches_start ON rollup.pstn_matches USING btree (start_at);

CREATE INDEX sms_usage_daily_day_idx ON rollup.sms_usage_daily USING btree (day);

CREATE INDEX sms_usage_daily_user_id_day_idx ON rollup.sms_usage_daily USING btree (user_id, day);

CREATE INDEX user_activity_daily_day_idx ON rollup.user_activity_daily USING btree (day);

CREATE INDEX user_activity_daily_user_id_day_idx ON rollup.user_activity_daily USING btree (user_id, day);

CREATE INDEX user_feedback_daily_day_idx ON rollup.user_feedback_daily USING btree (day);

CREATE INDEX call_participants_unknown ON teams.call_participants USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX call_records_change ON teams.call_records USING btree (tenant_id, change_xid);

CREATE INDEX call_records_details_month ON teams.call_records USING btree (details_month, tenant_id, start_at DESC NULLS LAST) WHERE (details_month IS NOT NULL);

CREATE INDEX call_records_feed ON teams.call_records USING btree (change_xid, tenant_id) WHERE (details_version IS NOT NULL);

CREATE INDEX call_records_organizer ON teams.call_records USING btree (organizer_user_id);

CREATE INDEX call_records_pending ON teams.call_records USING btree (tenant_id, reach_from) WHERE pending;

CREATE INDEX call_records_start ON teams.call_records USING btree (start_at);

CREATE INDEX call_records_unknown ON teams.call_records USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX dialout_report_change ON teams.dialout_report USING btree (tenant_id, change_xid);

CREATE INDEX dialout_report_day ON teams.dialout_report USING btree ((((window_from AT TIME ZONE 'UTC'::text))::date));

CREATE INDEX dialout_report_feed ON teams.dialout_report USING btree (change_xid, tenant_id);

CREATE INDEX dialout_report_unknown ON teams.dialout_report USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX direct_routing_calls_attempt ON teams.direct_routing_calls USING btree (COALESCE(invite_at, start_at));

CREATE INDEX direct_routing_calls_change ON teams.direct_routing_calls USING btree (tenant_id, change_xid);

CREATE INDEX direct_routing_calls_correlation ON teams.direct_routing_calls USING btree (correlation_id);

CREATE INDEX direct_routing_calls_feed ON teams.direct_routing_calls USING btree (change_xid, tenant_id);

CREATE INDEX direct_routing_calls_trunk ON teams.direct_routing_calls USING btree (trunk_fqdn, COALESCE(invite_at, start_at));

CREATE INDEX direct_routing_calls_unknown ON teams.direct_routing_calls USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX direct_routing_calls_user ON teams.direct_routing_calls USING btree (user_id, COALESCE(invite_at, start_at));

CREATE INDEX media_endpoints_capture_device ON teams.media_endpoints USING btree (capture_device_name);

CREATE INDEX media_endpoints_subnet ON teams.media_endpoints USING btree (subnet);

CREATE INDEX media_endpoints_unknown ON teams.media_endpoints USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX media_streams_unknown ON teams.media_streams USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX pstn_blocked_users_log_block ON teams.pstn_blocked_users_log USING btree (block_at);

CREATE INDEX pstn_blocked_users_log_change ON teams.pstn_blocked_users_log USING btree (tenant_id, change_xid);

CREATE INDEX pstn_blocked_users_log_feed ON teams.pstn_blocked_users_log USING btree (change_xid, tenant_id);

CREATE INDEX pstn_blocked_users_log_unknown ON teams.pstn_blocked_users_log USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX pstn_calls_call ON teams.pstn_calls USING btree (call_id);

CREATE INDEX pstn_calls_change ON teams.pstn_calls USING btree (tenant_id, change_xid);

CREATE INDEX pstn_calls_feed ON teams.pstn_calls USING btree (change_xid, tenant_id);

CREATE INDEX pstn_calls_start ON teams.pstn_calls USING btree (start_at);

CREATE INDEX pstn_calls_unknown ON teams.pstn_calls USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX pstn_calls_user ON teams.pstn_calls USING btree (user_id, start_at);

CREATE INDEX segment_endpoints_unknown ON teams.segment_endpoints USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX segment_endpoints_user ON teams.segment_endpoints USING btree (user_id, call_id);

CREATE INDEX segment_media_unknown ON teams.segment_media USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX segments_start ON teams.segments USING btree (start_at);

CREATE INDEX segments_unknown ON teams.segments USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX session_endpoints_unknown ON teams.session_endpoints USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX session_endpoints_user ON teams.session_endpoints USING btree (user_id, call_id);

CREATE INDEX session_endpoints_voice_app ON teams.session_endpoints USING btree (tenant_id, call_id) WHERE ((lower(service_role) = ANY (ARRAY['skypeforbusinesscallqueues'::text, 'skypeforbusinessautoattendant'::text])) OR (strpos(lower(user_agent_header), 'callqueue'::text) > 0) OR (strpos(lower(user_agent_header), 'autoattendant'::text) > 0));

CREATE INDEX sessions_start ON teams.sessions USING btree (start_at);

CREATE INDEX sessions_test ON teams.sessions USING btree (tenant_id, call_id, session_index) WHERE is_test;

CREATE INDEX sessions_unknown ON teams.sessions USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE INDEX sms_messages_change ON teams.sms_messages USING btree (tenant_id, change_xid);

CREATE INDEX sms_messages_feed ON teams.sms_messages USING btree (change_xid, tenant_id);

CREATE INDEX sms_messages_sent ON teams.sms_messages USING btree (sent_at);

CREATE INDEX sms_messages_unknown ON teams.sms_messages USING btree (tenant_id) WHERE (unknown_fields IS NOT NULL);

CREATE STATISTICS rollup.phone_user_daily_numbers (ndistinct) ON tenant_id, user_id, own_number FROM rollup.phone_user_daily;
