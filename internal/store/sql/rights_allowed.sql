-- Who is asked about, and what their access allows them: schemas, and of them
-- tables and views.
asked AS (
	SELECT $1::text AS role, $2::text AS access, $3::uuid AS tenant_id,
		$4::text[] AS personal, -- columns of analytics and ref that hold personal data
		$5::text[] AS tenants, -- schemas of readers of one tenant
		coalesce((SELECT oid FROM pg_roles WHERE rolname = $1::text), 0) AS oid -- 0: it has what everybody has
), allowed AS (
	SELECT a.schema, string_to_array(a.privileges, ' ') AS privileges
	FROM asked
	JOIN (
		VALUES ('write', 'ingest', 'SELECT INSERT UPDATE DELETE'),
			('write', 'teams', 'SELECT INSERT UPDATE DELETE'),
			('write', 'ref', 'SELECT INSERT UPDATE DELETE'),
			('write', 'rollup', 'SELECT INSERT UPDATE DELETE'),
			('write', 'live', 'SELECT'),
			('write', 'analytics', 'SELECT'),
			('personal', 'teams', 'SELECT'),
			('personal', 'ref', 'SELECT'),
			('personal', 'analytics', 'SELECT'),
			('aggregates', 'ref', 'SELECT'),
			('aggregates', 'analytics', 'SELECT'),
			('tenant', $1::text, 'SELECT')
	) a (access, schema, privileges) USING (access)
), relations AS (
	SELECT n.nspname AS schema, c.relname AS name, c.oid, c.relkind,
		array_agg(a.attname::text ORDER BY a.attnum) AS columns,
		array_agg(d.description ORDER BY a.attnum) || obj_description(c.oid, 'pg_class') AS comments
	FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum
	WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname <> 'schema_migrations'
	GROUP BY n.nspname, c.oid
), owner AS (
	SELECT nspowner::regrole AS owner
	FROM pg_namespace
	WHERE nspname = 'analytics'
), tenant_views AS (
	-- Each view of analytics as a tenant's schema, named as its role, has it. The
	-- statement makes it where it is not there or has other columns or comments. It is
	-- the owner's who migrates, whoever makes it.
	SELECT asked.role AS schema, v.name, t.oid,
		CASE WHEN t.oid IS NULL OR (t.columns, t.comments) IS DISTINCT FROM (v.columns, v.comments) THEN
			format('CREATE OR REPLACE VIEW %I.%I WITH (security_barrier) AS SELECT * FROM analytics.%2$I',
				asked.role, v.name)
			|| CASE WHEN 'tenant_id' = ANY (v.columns) THEN format(' WHERE tenant_id = %L', asked.tenant_id) ELSE '' END
			|| format('; ALTER VIEW %I.%I OWNER TO %s', asked.role, v.name, owner)
			|| format('; COMMENT ON VIEW %I.%I IS %L', asked.role, v.name, v.comments[cardinality(v.comments)])
			|| (
				SELECT string_agg(
					format('; COMMENT ON COLUMN %I.%I.%I IS %L', asked.role, v.name, v.columns[i], v.comments[i]), '')
				FROM generate_subscripts(v.columns, 1) i
			)
		END AS statement
	FROM asked
	CROSS JOIN owner
	JOIN relations v ON v.schema = 'analytics' AND v.relkind = 'v'
	LEFT JOIN relations t ON t.schema = asked.role AND t.name = v.name
	WHERE asked.access = 'tenant'
), allowed_relations AS (
	SELECT r.schema, r.name, r.oid,
		CASE WHEN r.relkind = 'v' OR r.name IN ('schema_version', 'grants') THEN ARRAY['SELECT']
			ELSE a.privileges
		END AS privileges
	FROM asked
	CROSS JOIN allowed a
	JOIN relations r USING (schema)
	WHERE asked.access IN ('write', 'personal') OR asked.access = 'aggregates' AND NOT r.columns && asked.personal
	UNION ALL
	SELECT schema, name, oid, ARRAY['SELECT']
	FROM tenant_views
), allowed_columns AS (
	-- Of a list with personal data, readers of aggregates see the other columns.
	SELECT r.schema, r.name, r.oid, name_of AS column_name
	FROM asked
	JOIN relations r ON r.schema = 'ref' AND r.columns && asked.personal
	CROSS JOIN unnest(r.columns) AS name_of
	WHERE asked.access = 'aggregates' AND name_of <> ALL (asked.personal)
)
