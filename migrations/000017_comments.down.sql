-- Takes the comments away again, but for those that earlier migrations made.
DO $$
DECLARE
    undo text;
BEGIN
    FOR undo IN
        WITH relations AS (
            SELECT c.oid, c.relkind
            FROM pg_class c
            WHERE c.relkind IN ('r', 'v')
                AND c.relnamespace::regnamespace::text IN ('analytics', 'live', 'ref', 'rollup')
                AND c.oid <> 'analytics.change_feed'::regclass
                AND (c.relnamespace <> 'rollup'::regnamespace
                    OR EXISTS (SELECT FROM rollup.views v WHERE v.name = c.relname))
        )
        SELECT format('COMMENT ON %s %s IS NULL', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, oid::regclass)
        FROM relations
        UNION ALL
        SELECT format('COMMENT ON COLUMN %s.%I IS NULL', r.oid::regclass, a.attname)
        FROM relations r
        JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT format('COMMENT ON FUNCTION %s IS NULL', p.oid::regprocedure)
        FROM pg_proc p
        WHERE p.pronamespace::regnamespace::text IN ('analytics', 'live', 'ref')
    LOOP
        EXECUTE undo;
    END LOOP;
END $$;

COMMENT ON SCHEMA analytics IS NULL;
COMMENT ON SCHEMA ref IS NULL;
COMMENT ON SCHEMA rollup IS NULL;
COMMENT ON SCHEMA live IS NULL;

UPDATE ingest.schema_version SET version = 16;
