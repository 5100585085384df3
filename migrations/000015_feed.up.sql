-- The feed: which rows of the six endpoint tables changed or went, in the order of
-- the transactions that did it. A reader keeps a mark and asks for what comes after.

-- A transaction that comes before the horizon is over, and whatever it wrote can be
-- seen. One after it may still commit. So nothing is shown from the horizon on, or a
-- reader would go past rows that appear later. STABLE, so that it goes by the
-- snapshot of the statement that asks. It is called in a sub-select, (SELECT
-- ingest.feed_horizon()): once for a statement, and where the statement is planned.
CREATE FUNCTION ingest.feed_horizon() RETURNS xid8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_snapshot_xmin(pg_current_snapshot());

COMMENT ON FUNCTION ingest.feed_horizon() IS 'The transaction before which all others are over, whoever ran them and in whatever database of the cluster: analytics.change_feed shows what changed before it.';

-- Where transaction numbers begin anew, the epoch changes: in another cluster, on
-- another timeline (promotion of a standby, recovery to a point in time), and where
-- the tables were restored from a dump into the cluster they came from, or the whole
-- database was copied there (CREATE DATABASE … TEMPLATE). The timeline
-- is asked of the log that is written or received, as the control file names the
-- former one until the next checkpoint. Readers need no right on schema ingest: the
-- table is looked up here, once.
CREATE FUNCTION ingest.feed_epoch() RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT system_identifier || '.'
        || CASE WHEN pg_is_in_recovery()
            THEN (SELECT lpad(upper(to_hex(received_tli)), 8, '0') FROM pg_stat_wal_receiver)
            ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
        END
        || '.' || (SELECT oid FROM pg_database WHERE datname = current_database())
        || '.' || 'ingest.tombstones'::regclass::oid
    FROM pg_control_system()
);

COMMENT ON FUNCTION ingest.feed_epoch() IS 'Names the cluster, the timeline, the database and the tables that transaction numbers belong to. Where it changes, a reader of analytics.change_feed reads all again. Null on a standby that receives no log just now, or whose reader is no member of pg_read_all_stats.';

-- Whoever asks sees it by the rights of the owner: others may not see what sessions
-- of other users do. It names no session. The first writer that is still there is
-- meant, not the one of the snapshot: that may have ended in between.
CREATE FUNCTION ingest.feed_hold_back() RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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

-- A feed of all tenants walks these in place of the indexes that begin with the
-- tenant.
CREATE INDEX call_records_feed ON teams.call_records (change_xid, tenant_id) WHERE details_version IS NOT NULL;
CREATE INDEX pstn_calls_feed ON teams.pstn_calls (change_xid, tenant_id);
CREATE INDEX direct_routing_calls_feed ON teams.direct_routing_calls (change_xid, tenant_id);
CREATE INDEX sms_messages_feed ON teams.sms_messages (change_xid, tenant_id);
CREATE INDEX pstn_blocked_users_log_feed ON teams.pstn_blocked_users_log (change_xid, tenant_id);
CREATE INDEX dialout_report_feed ON teams.dialout_report (change_xid, tenant_id);
CREATE INDEX tombstones_feed ON ingest.tombstones (change_xid, tenant_id);

-- A call record is shown once its details are stored, as one row for all of them.
-- Times in keys are text in UTC, whatever the session's time zone: what a tombstone
-- says and what its row said are the same. No arm has a condition or columns of
-- another type than the others': it would be read whole and sorted, where now the
-- indexes are walked side by side.
CREATE VIEW analytics.change_feed AS
SELECT tenant_id,
    table_name,
    key,
    op,
    change_xid,
    change_xid::text AS change_xid_text,
    updated_at,
    (SELECT ingest.feed_epoch()) AS epoch
FROM (
    SELECT tenant_id,
        'call_records'::text COLLATE "C" AS table_name,
        jsonb_build_object('tenant_id', tenant_id, 'id', id) AS key,
        'upsert' AS op,
        change_xid,
        updated_at,
        details_version IS NOT NULL AS is_whole
    FROM teams.call_records
    UNION ALL
    SELECT tenant_id,
        'pstn_calls'::text COLLATE "C",
        jsonb_build_object('tenant_id', tenant_id, 'id', id),
        'upsert',
        change_xid,
        updated_at,
        true
    FROM teams.pstn_calls
    UNION ALL
    SELECT tenant_id,
        'direct_routing_calls'::text COLLATE "C",
        jsonb_build_object('tenant_id', tenant_id, 'id', id),
        'upsert',
        change_xid,
        updated_at,
        true
    FROM teams.direct_routing_calls
    UNION ALL
    SELECT tenant_id,
        'sms_messages'::text COLLATE "C",
        jsonb_build_object('tenant_id', tenant_id, 'id', id),
        'upsert',
        change_xid,
        updated_at,
        true
    FROM teams.sms_messages
    UNION ALL
    SELECT tenant_id,
        'pstn_blocked_users_log'::text COLLATE "C",
        jsonb_build_object('tenant_id', tenant_id, 'event_key', event_key),
        'upsert',
        change_xid,
        updated_at,
        true
    FROM teams.pstn_blocked_users_log
    UNION ALL
    SELECT tenant_id,
        'dialout_report'::text COLLATE "C",
        jsonb_build_object(
            'tenant_id', tenant_id,
            'window_from', to_char(window_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
            'window_to', to_char(window_to AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
            'report_key', report_key),
        'upsert',
        change_xid,
        updated_at,
        true
    FROM teams.dialout_report
    UNION ALL
    SELECT tenant_id,
        table_name,
        key,
        op,
        change_xid,
        deleted_at,
        true
    FROM ingest.tombstones
) AS changes
WHERE is_whole AND change_xid < (SELECT ingest.feed_horizon());

COMMENT ON VIEW analytics.change_feed IS 'Which rows of the six endpoint tables changed or went, each once, by its last change. A reader keeps the last row''s change_xid, table_name and key as its mark and asks for what comes after, in this order. Key: change_xid, table_name, key. Filter on: change_xid. Personal data.';
COMMENT ON COLUMN analytics.change_feed.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN analytics.change_feed.table_name IS 'Table in schema teams. Of a call record it is call_records, for all its details.';
COMMENT ON COLUMN analytics.change_feed.key IS 'Key columns of the row with their values, tenant_id among them. Times are text in UTC.';
COMMENT ON COLUMN analytics.change_feed.op IS 'What became of the row. upsert: it was inserted or changed, and is there. delete: Graph no longer names it. expire: it was kept here as long as wanted; a copy that keeps history keeps it. One of: upsert, delete, expire.';
COMMENT ON COLUMN analytics.change_feed.change_xid IS 'Transaction of the change. All that one transaction changed has the same.';
COMMENT ON COLUMN analytics.change_feed.change_xid_text IS 'change_xid as text, for tools that do not know its type. As text it does not sort by number.';
COMMENT ON COLUMN analytics.change_feed.updated_at IS 'When Graph served the present content; of a row that went, when it was deleted, by the database''s clock.';
COMMENT ON COLUMN analytics.change_feed.epoch IS 'What transaction numbers count in. Where it is another than that of the mark, all is to be read again; null on a standby without membership in pg_read_all_stats, or while it receives no log.';

COMMENT ON COLUMN ingest.tombstones.op IS 'delete: Graph no longer names it. expire: it was kept as long as wanted; a copy that keeps history keeps it.';

UPDATE ingest.schema_version SET version = 15;
