-- The details by month: tables that inherit from the eight tables of details, such as
-- teams.sessions_2026_11. Who reads the eight reads the months, too, so that views,
-- also those of customers, stay as they are. A call is of the month in which it was
-- first stored, by the database's clock, and stays of it: its details are replaced in
-- one table. What was stored before there were months stays where it is.

ALTER TABLE teams.call_records ADD COLUMN details_month date;
COMMENT ON COLUMN teams.call_records.details_month IS 'First day (UTC) of the month in which the call was first stored, if its details are in tables of that month, such as teams.sessions_2026_11; null if they are in the tables themselves.';

CREATE FUNCTION teams.details_tables() RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
    SELECT unnest(ARRAY['call_participants', 'sessions', 'session_endpoints', 'segments', 'segment_endpoints',
        'segment_media', 'media_endpoints', 'media_streams'])
$$;
COMMENT ON FUNCTION teams.details_tables() IS 'Names the tables of details, which may be divided into months.';

CREATE FUNCTION teams.details_month() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT month::date
    FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS month
    WHERE to_regclass('teams.sessions' || to_char(month, '_YYYY_MM')) IS NOT NULL
$$;
COMMENT ON FUNCTION teams.details_month() IS 'The month that calls are of which are stored now; null if it has no tables.';

ALTER TABLE teams.call_records ALTER COLUMN details_month SET DEFAULT teams.details_month();

-- It is run with the rights of its owner, so that a daemon needs to own nothing.
-- CREATE TABLE gives a month the columns, key and indexes of the whole table, and
-- settings and rights are copied.
CREATE FUNCTION teams.keep_months() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET client_min_messages = error AS $$
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
END $$;
REVOKE EXECUTE ON FUNCTION teams.keep_months() FROM PUBLIC;
COMMENT ON FUNCTION teams.keep_months() IS 'Makes the tables of this month and the next two where there are none, and statistics once a day.';

-- Finds the last call of each tenant in a month, of tables that may have hundreds of
-- millions.
CREATE INDEX call_records_details_month ON teams.call_records (details_month, tenant_id, start_at DESC NULLS LAST)
    WHERE details_month IS NOT NULL;

CREATE FUNCTION teams.old_months(tenants uuid[] DEFAULT '{}', before timestamptz DEFAULT NULL) RETURNS SETOF date
LANGUAGE sql STABLE AS $$
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
$$;
COMMENT ON FUNCTION teams.old_months(uuid[], timestamptz) IS 'The months that are over and of which retention keeps details of no call, of no tenant; also those of which it will keep none once it has deleted what some tenants have before a time.';

-- It drops a table at a time. Who locks several waits for readers who have locked them
-- in another order, and they for him. Readers wait behind a statement that waits for a
-- lock: it waits for a moment only. Sessions go first, as by them a writer sees that the
-- month is gone; under their lock it is looked again, as a call may have moved to another
-- time.
CREATE FUNCTION teams.drop_month(OUT month date, OUT is_gone boolean) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
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
REVOKE EXECUTE ON FUNCTION teams.drop_month() FROM PUBLIC;
COMMENT ON FUNCTION teams.drop_month() IS 'Drops a table of the first of old_months, and returns the month, if there is one, and whether that was its last table.';

-- Of a table with its months, as migration 8 sets it for a table alone.
DO $$
DECLARE
    set_for_both text;
BEGIN
    FOR set_for_both IN
        SELECT format('ALTER TABLE teams.%I ALTER COLUMN call_id SET (n_distinct_inherited = %s)', name, option_value)
        FROM teams.details_tables() AS name
        JOIN pg_attribute ON attrelid = to_regclass('teams.' || name) AND attname = 'call_id'
        CROSS JOIN pg_options_to_table(attoptions)
        WHERE option_name = 'n_distinct'
    LOOP
        EXECUTE set_for_both;
    END LOOP;
END $$;

UPDATE ingest.schema_version SET version = 23;
