-- What role $1 lacks of access $2 (to the data of tenant $3), each thing with the
-- statement that gives it, in the order in which they are to be carried out. What
-- is not there yet is lacking too: the role, its schema, the views in it. It asks
-- the catalog alone: who lacks all rights may ask, too.
WITH {allowed}, lacking AS (
	SELECT 'DATABASE' AS kind, '' AS schema, format('%I', current_database()) AS name, privilege
	FROM asked
	CROSS JOIN unnest(ARRAY['CONNECT', 'TEMPORARY']) AS privilege
	WHERE NOT has_database_privilege(asked.oid, current_database(), privilege)
		AND (privilege = 'CONNECT' OR asked.access = 'write')
	UNION ALL
	SELECT 'SCHEMA', a.schema, format('%I', a.schema), 'USAGE'
	FROM asked
	CROSS JOIN allowed a
	LEFT JOIN pg_namespace n ON n.nspname = a.schema
	WHERE has_schema_privilege(asked.oid, n.oid, 'USAGE') IS NOT TRUE
	UNION ALL
	SELECT 'TABLE', r.schema, format('%I.%I', r.schema, r.name), privilege
	FROM asked
	CROSS JOIN allowed_relations r
	CROSS JOIN unnest(r.privileges) AS privilege
	WHERE has_table_privilege(asked.oid, r.oid, privilege) IS NOT TRUE
	UNION ALL
	SELECT 'TABLE', c.schema, format('%I.%I', c.schema, c.name), format('SELECT (%I)', c.column_name)
	FROM asked
	CROSS JOIN allowed_columns c
	WHERE NOT has_column_privilege(asked.oid, c.oid, c.column_name, 'SELECT')
	UNION ALL
	-- The functions in a view are called with the rights of whoever reads it.
	SELECT 'FUNCTION', n.nspname,
		format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), 'EXECUTE'
	FROM asked
	CROSS JOIN pg_proc p
	JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE (n.nspname IN ('analytics', 'ingest', 'live')
			OR n.nspname IN ('ref', 'rollup', 'teams') AND asked.access = 'write')
		AND NOT has_function_privilege(asked.oid, p.oid, 'EXECUTE')
), statements AS (
	SELECT 'ROLE' AS kind, '' AS schema, format('%I', role) AS name, '{}'::text[] AS privileges,
		format('CREATE ROLE %I NOLOGIN', role) AS statement
	FROM asked
	WHERE oid = 0
	UNION ALL
	SELECT 'MAKE', role, format('%I', role), '{}', format('CREATE SCHEMA %I AUTHORIZATION %s', role, owner)
	FROM asked
	CROSS JOIN owner
	WHERE access = 'tenant' AND to_regnamespace(format('%I', role)) IS NULL
	UNION ALL
	SELECT 'VIEW', schema, format('%I.%I', schema, name), '{}', statement
	FROM tenant_views
	WHERE statement IS NOT NULL
	UNION ALL
	SELECT kind, schema, name, array_agg(privilege),
		format('GRANT %s ON %s %s TO %I', string_agg(privilege, ', '), kind, name, asked.role)
	FROM asked
	CROSS JOIN lacking
	GROUP BY kind, schema, name, asked.role
	UNION ALL
	-- Tables and views of later migrations.
	SELECT 'LATER', a.schema, format('%I', a.schema), a.privileges,
		format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %I GRANT %s ON TABLES TO %I',
			n.nspowner::regrole, a.schema, array_to_string(a.privileges, ', '), asked.role)
	FROM asked
	CROSS JOIN allowed a
	JOIN pg_namespace n ON n.nspname = a.schema
	WHERE asked.access IN ('write', 'personal') AND NOT pg_has_role(asked.oid, n.nspowner, 'USAGE')
		AND cardinality(a.privileges) > (
			SELECT count(DISTINCT privilege_type)
			FROM pg_default_acl d
			CROSS JOIN aclexplode(d.defaclacl)
			WHERE d.defaclrole = n.nspowner AND d.defaclnamespace = n.oid AND d.defaclobjtype = 'r'
				AND pg_has_role(asked.oid, grantee, 'USAGE') AND privilege_type = ANY (a.privileges)
		)
	UNION ALL
	-- Who is noted is given by migrate up what a later version adds.
	SELECT 'LATER', 'ingest', 'ingest.grants', '{}',
		format('INSERT INTO ingest.grants (role, access, tenant_id) VALUES (%L, %L, %L)', role, access, tenant_id)
	FROM asked
	JOIN pg_namespace n ON n.nspname = 'ingest'
	WHERE NOT pg_has_role(asked.oid, n.nspowner, 'USAGE')
)
SELECT kind, schema, name, privileges, statement
FROM statements
ORDER BY array_position(ARRAY['ROLE', 'MAKE', 'VIEW', 'DATABASE', 'SCHEMA', 'TABLE', 'FUNCTION', 'LATER'], kind), name
