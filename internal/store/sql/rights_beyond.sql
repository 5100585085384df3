-- What role $1 may do that access $2 (to the data of tenant $3) does not allow: read
-- some of the data, or what leads around all rights. It counts what it may do by
-- becoming another role, too.
WITH {allowed}, acting AS (
	SELECT oid
	FROM asked
	UNION
	SELECT r.oid
	FROM asked
	JOIN pg_roles r ON pg_has_role(asked.oid, r.oid, 'MEMBER')
)
SELECT what
FROM (
	SELECT 1 AS position, format('read %I.%I', r.schema, r.name) AS what
	FROM asked
	CROSS JOIN acting
	CROSS JOIN relations r
	CROSS JOIN unnest(r.columns) AS readable
	WHERE (r.schema IN ('ingest', 'teams', 'ref', 'rollup', 'live', 'analytics') OR r.schema = ANY (asked.tenants))
		AND has_schema_privilege(acting.oid, r.schema, 'USAGE')
		AND has_column_privilege(acting.oid, r.oid, readable, 'SELECT')
		AND NOT EXISTS (SELECT 1 FROM allowed_relations a WHERE a.oid = r.oid)
		AND NOT EXISTS (SELECT 1 FROM allowed_columns c WHERE c.oid = r.oid AND c.column_name = readable)
	UNION
	SELECT 2, 'use ' || may.name
	FROM acting
	JOIN pg_roles r USING (oid)
	CROSS JOIN LATERAL (
		VALUES ('CREATEROLE', r.rolcreaterole),
			('REPLICATION', r.rolreplication),
			(r.rolname, r.rolname IN ('pg_read_all_stats', -- sees the statements of others
				'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
	) AS may (name, is_so)
	WHERE may.is_so
) AS found
ORDER BY position, what
