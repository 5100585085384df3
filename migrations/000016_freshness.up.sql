-- How fresh and how complete what analysts see is, and who was given rights to see it.

-- The state of each endpoint, by the rule of the status page: the first that holds. It
-- differs from the page in two things that only the program knows. The page goes by the
-- configuration as it is now, this view by what a daemon noted of it at its last start
-- (enabled, interval_s, reach, settle). The page reads the time off Graph's clock, this
-- view off the database's; signs of life go by the database's clock in both, for which
-- clock_timestamp() stands.
CREATE VIEW live.endpoint_states AS
WITH endpoints AS (
    SELECT e.*, t.every, t.slot,
        -- What could be read for longer than this should have been.
        now() - greatest(2 * t.every, interval '1 hour') AS owed_at,
        -- From when on something may be unread. Sums over a day are read while Graph has all of the day.
        CASE WHEN endpoint = 'dialout_report'
            THEN date_trunc('day', t.wanted_from + interval '1 day -1 microsecond', 'UTC')
            ELSE t.wanted_from
        END AS wanted_from
    FROM ingest.endpoints e
    CROSS JOIN LATERAL (
        SELECT make_interval(secs => coalesce(e.interval_s, 0)) AS every,
            CASE WHEN e.endpoint = 'call_records' THEN 'hour' ELSE 'day' END AS slot,
            greatest(e.origin, e.settled_until, now() - e.reach) AS wanted_from
    ) t
)
SELECT e.tenant_id, e.endpoint,
    CASE
        WHEN e.removed_at IS NOT NULL THEN 'removed'
        WHEN NOT e.enabled THEN 'paused'
        WHEN e.last_result = 'denied' THEN 'denied'
        WHEN e.failures >= 3 OR late.by > greatest(3 * e.every, interval '5 minutes') THEN 'down'
        WHEN e.last_result = 'throttled' THEN 'throttled'
        WHEN run.waiting_until > clock_timestamp() + interval '1 minute' THEN 'throttled'
        WHEN e.last_result = 'failed' OR late.by > greatest(e.every, interval '5 minutes') THEN 'late'
        WHEN e.last_success_at IS NULL AND NOT has.slots THEN 'never'
        WHEN has.unread OR pending.is_behind THEN 'catching_up'
        ELSE 'on_time'
    END AS state
FROM endpoints e
LEFT JOIN LATERAL ( -- the run at work
    SELECT r.run_id, r.waiting_until
    FROM ingest.runs r
    WHERE r.tenant_id = e.tenant_id AND r.endpoint = e.endpoint AND r.finished_at IS NULL
        AND r.heartbeat_at > clock_timestamp() - interval '5 minutes'
    ORDER BY r.heartbeat_at DESC
    LIMIT 1
) run ON true
CROSS JOIN LATERAL ( -- a run at work is never late
    SELECT CASE WHEN run.run_id IS NULL THEN now() - e.next_due_at END AS by
) late
CROSS JOIN LATERAL ( -- what is stored, and what no run can mend
    SELECT coalesce(range_agg(tstzrange(k.slot_from, k.slot_to)), '{}') AS spans
    FROM (
        SELECT s.slot_from, s.slot_to
        FROM ingest.slots s
        WHERE s.tenant_id = e.tenant_id AND s.endpoint = e.endpoint AND s.slot_to > e.wanted_from
            AND s.slot_from > e.wanted_from - interval '1 day' -- for the index
            AND s.read_at <= now() + interval '1 hour' -- else by a clock that was ahead
            AND (s.settled OR s.slot_to + e.settle >= e.owed_at OR greatest(s.slot_from, e.origin) < now() - e.reach)
        UNION ALL
        SELECT p.slot_from, p.slot_to
        FROM ingest.parked p
        WHERE p.tenant_id = e.tenant_id AND p.endpoint = e.endpoint AND p.failures >= 3
        UNION ALL
        SELECT a.span_from, a.span_to
        FROM ingest.acknowledgements a
        WHERE a.tenant_id = e.tenant_id AND a.endpoint = e.endpoint AND a.call_id IS NULL
    ) k
) known
CROSS JOIN LATERAL (
    SELECT EXISTS (
            SELECT 1 FROM ingest.slots s WHERE s.tenant_id = e.tenant_id AND s.endpoint = e.endpoint
        ) AS slots,
        NOT tstzrange(
            e.wanted_from,
            -- a slot that ends at that very time is not owed yet
            greatest(e.wanted_from, date_trunc(e.slot, e.owed_at - interval '1 microsecond', 'UTC'))
        ) <@ known.spans AS unread
) has
CROSS JOIN LATERAL ( -- call records without their details: too long, or so many that runs do not keep up
    SELECT bool_or(p.named_at < e.owed_at)
        OR count(*) FILTER (WHERE p.state IS NULL) >= 5000
            AND min(p.reach_from) FILTER (WHERE p.state IS DISTINCT FROM 'parked') < e.owed_at AS is_behind
    FROM (
        SELECT c.reach_from, x.state,
            -- When Graph first named the version that is wanted. Of a record never stored it is the time of the row.
            CASE WHEN x.call_id IS NOT NULL THEN NULL
                WHEN c.details_version IS NULL THEN c.updated_at
                ELSE (
                    SELECT v.seen_at
                    FROM teams.call_record_versions v
                    WHERE v.tenant_id = c.tenant_id AND v.call_id = c.id AND v.version = c.version
                )
            END AS named_at
        FROM teams.call_records c
        LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
        WHERE e.endpoint = 'call_records' AND c.tenant_id = e.tenant_id AND c.pending
            AND c.reach_from >= greatest(e.origin, now() - e.reach)
    ) p
) pending;

-- The time of each row, as the endpoint's slots go by it.
CREATE VIEW live.row_times AS
SELECT tenant_id, 'call_records' AS endpoint, start_at AS at
FROM teams.call_records
UNION ALL
SELECT tenant_id, 'pstn_calls', start_at
FROM teams.pstn_calls
UNION ALL
SELECT tenant_id, 'direct_routing_calls', coalesce(invite_at, start_at)
FROM teams.direct_routing_calls
UNION ALL
SELECT tenant_id, 'sms_messages', sent_at
FROM teams.sms_messages
UNION ALL
SELECT tenant_id, 'pstn_blocked_users_log', block_at
FROM teams.pstn_blocked_users_log
UNION ALL
SELECT tenant_id, 'dialout_report', window_from
FROM teams.dialout_report;

-- What is dear is asked in sub-selects: a reader who does not name the column does not pay for it.
CREATE VIEW analytics.ingest_freshness AS
SELECT tenant_id,
    endpoint,
    s.state,
    e.last_success_at,
    e.watermark AS complete_through,
    ( -- slot by slot backwards, until one has a row
        SELECT newest.at
        FROM ingest.slots l
        CROSS JOIN LATERAL (
            SELECT max(t.at) AS at
            FROM live.row_times t
            WHERE t.tenant_id = l.tenant_id AND t.endpoint = l.endpoint AND t.at >= l.slot_from AND t.at < l.slot_to
        ) newest
        WHERE l.tenant_id = e.tenant_id AND l.endpoint = e.endpoint AND l.rows > 0 AND newest.at IS NOT NULL
        ORDER BY l.slot_from DESC
        LIMIT 1
    ) AS newest_record_at,
    extract(epoch FROM now() - e.watermark)::bigint AS lag_s,
    e.next_due_at,
    e.failures AS consecutive_failures,
    e.last_error,
    CASE e.endpoint
        WHEN 'pstn_calls' THEN (
            SELECT analytics.pct(count(m.call_id), count(*))
            FROM teams.pstn_calls p
            LEFT JOIN rollup.pstn_matches m
                ON m.tenant_id = p.tenant_id AND m.id = p.id AND m.start_at = p.start_at
            WHERE p.tenant_id = e.tenant_id AND p.start_at >= now() - interval '30 days'
        )
        WHEN 'direct_routing_calls' THEN (
            SELECT analytics.pct(count(c.id), count(*))
            FROM teams.direct_routing_calls d
            LEFT JOIN teams.call_records c ON c.tenant_id = d.tenant_id AND c.id = d.correlation_id
            WHERE d.tenant_id = e.tenant_id AND coalesce(d.invite_at, d.start_at) >= now() - interval '30 days'
        )
    END AS join_match_pct,
    extract(epoch FROM ingest.feed_hold_back())::double precision AS feed_hold_back_s,
    (
        SELECT min(n.noted_at)
        FROM rollup.stale n
        WHERE n.tenant_id = e.tenant_id AND n.source = e.endpoint AND n.at < now() -- others wait for their day
    ) AS rollups_stale_since,
    (
        SELECT count(*)
        FROM live.row_times t
        WHERE t.tenant_id = e.tenant_id AND t.endpoint = e.endpoint AND t.at IS NULL
    ) AS rows_without_time
FROM ingest.endpoints e
JOIN live.endpoint_states s USING (tenant_id, endpoint);

-- What Graph can still serve and is not stored for good.
CREATE VIEW analytics.ingest_coverage AS
SELECT e.tenant_id,
    e.endpoint,
    lower(gap) AS gap_from,
    upper(gap) AS gap_to,
    g.reason,
    lower(gap) + e.reach AS expires_at
FROM ingest.endpoints e
CROSS JOIN LATERAL (
    SELECT greatest(e.origin, now() - e.reach) AS gap_from, now() - e.settle AS gap_to
) wanted
CROSS JOIN LATERAL (
    SELECT tstzmultirange(tstzrange(wanted.gap_from, greatest(wanted.gap_from, wanted.gap_to)))
        - coalesce(range_agg(tstzrange(s.slot_from, s.slot_to)), '{}') AS spans
    FROM ingest.slots s
    WHERE s.tenant_id = e.tenant_id AND s.endpoint = e.endpoint AND s.settled
        AND s.slot_to > wanted.gap_from AND s.slot_from > wanted.gap_from - interval '1 day' -- for the index
) missing
CROSS JOIN LATERAL (
    SELECT coalesce(range_agg(tstzrange(p.slot_from, p.slot_to)), '{}') AS spans
    FROM ingest.parked p
    WHERE p.tenant_id = e.tenant_id AND p.endpoint = e.endpoint AND p.failures >= 3
) parked
CROSS JOIN LATERAL (
    VALUES ('parked', missing.spans * parked.spans), ('unread', missing.spans - parked.spans)
) g (reason, spans)
CROSS JOIN LATERAL unnest(g.spans) AS gap;

-- The rows that have something without a column are few, or none, among millions.
CREATE INDEX call_records_unknown ON teams.call_records (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX call_participants_unknown ON teams.call_participants (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX sessions_unknown ON teams.sessions (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX segments_unknown ON teams.segments (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX session_endpoints_unknown ON teams.session_endpoints (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX segment_endpoints_unknown ON teams.segment_endpoints (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX segment_media_unknown ON teams.segment_media (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX media_endpoints_unknown ON teams.media_endpoints (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX media_streams_unknown ON teams.media_streams (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX pstn_calls_unknown ON teams.pstn_calls (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX direct_routing_calls_unknown ON teams.direct_routing_calls (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX sms_messages_unknown ON teams.sms_messages (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX pstn_blocked_users_log_unknown ON teams.pstn_blocked_users_log (tenant_id)
    WHERE unknown_fields IS NOT NULL;
CREATE INDEX dialout_report_unknown ON teams.dialout_report (tenant_id)
    WHERE unknown_fields IS NOT NULL;

-- The rows that have something without a column, and when Graph served it.
CREATE VIEW live.rows_with_unknown AS
SELECT tenant_id, 'call_records' AS table_name, unknown_fields, updated_at AS seen_at
FROM teams.call_records
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT tenant_id, 'pstn_calls', unknown_fields, updated_at
FROM teams.pstn_calls
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT tenant_id, 'direct_routing_calls', unknown_fields, updated_at
FROM teams.direct_routing_calls
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT tenant_id, 'sms_messages', unknown_fields, updated_at
FROM teams.sms_messages
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT tenant_id, 'pstn_blocked_users_log', unknown_fields, updated_at
FROM teams.pstn_blocked_users_log
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT tenant_id, 'dialout_report', unknown_fields, updated_at
FROM teams.dialout_report
WHERE unknown_fields IS NOT NULL
UNION ALL
SELECT d.tenant_id, d.table_name, d.unknown_fields, c.updated_at
FROM (
    SELECT tenant_id, 'call_participants' AS table_name, call_id, unknown_fields
    FROM teams.call_participants
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'sessions', call_id, unknown_fields
    FROM teams.sessions
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'segments', call_id, unknown_fields
    FROM teams.segments
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'session_endpoints', call_id, unknown_fields
    FROM teams.session_endpoints
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'segment_endpoints', call_id, unknown_fields
    FROM teams.segment_endpoints
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'segment_media', call_id, unknown_fields
    FROM teams.segment_media
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'media_endpoints', call_id, unknown_fields
    FROM teams.media_endpoints
    WHERE unknown_fields IS NOT NULL
    UNION ALL
    SELECT tenant_id, 'media_streams', call_id, unknown_fields
    FROM teams.media_streams
    WHERE unknown_fields IS NOT NULL
) d
JOIN teams.call_records c ON c.tenant_id = d.tenant_id AND c.id = d.call_id;

-- Names alone: what is below them may be personal. They are those that the daemon has
-- met and told apart. Each is looked for in its table alone.
CREATE VIEW analytics.unknown_fields AS
SELECT r.tenant_id, m.table_name, m.name, r.rows, r.first_seen_at, r.last_seen_at
FROM (
    SELECT CASE WHEN member LIKE '%.%' THEN split_part(member, '.', 1) ELSE endpoint END AS table_name,
        regexp_replace(member, '^.*\.', '') AS name
    FROM ingest.unknown_members
    WHERE member <> 'other'
) m
CROSS JOIN LATERAL (
    SELECT u.tenant_id, count(*) AS rows, min(u.seen_at) AS first_seen_at, max(u.seen_at) AS last_seen_at
    FROM live.rows_with_unknown u
    WHERE u.table_name = m.table_name
        AND jsonb_path_exists(u.unknown_fields, ('$.**.' || to_json(m.name))::jsonpath)
    GROUP BY u.tenant_id
) r;

CREATE TABLE ingest.grants (
    role      text PRIMARY KEY,
    access    text NOT NULL,
    tenant_id uuid
);
COMMENT ON TABLE ingest.grants IS 'The roles that were given rights by ingestd migrate grant. A migration gives them what it adds.';
COMMENT ON COLUMN ingest.grants.role IS 'Name of the role; of readers of one tenant also of the schema they read.';
COMMENT ON COLUMN ingest.grants.access IS 'write: what a daemon does. personal: reads analytics, ref and teams. aggregates: reads what has no personal data of analytics and ref. tenant: reads one tenant.';
COMMENT ON COLUMN ingest.grants.tenant_id IS 'The tenant of access tenant; null otherwise.';

-- Daemons were given rights before this was noted.
INSERT INTO ingest.grants (role, access)
SELECT DISTINCT r.rolname, 'write'
FROM pg_default_acl d
CROSS JOIN aclexplode(d.defaclacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE d.defaclnamespace = 'ingest'::regnamespace AND a.privilege_type = 'INSERT' AND a.grantee <> d.defaclrole;

-- They may write to new tables of ingest, but not say who is given rights.
DO $$
DECLARE
    daemon text;
BEGIN
    FOR daemon IN SELECT role FROM ingest.grants LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON ingest.grants FROM %I', daemon);
    END LOOP;
END $$;

UPDATE ingest.schema_version SET version = 16;
