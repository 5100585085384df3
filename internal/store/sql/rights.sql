-- What a daemon needs and role $1 lacks, each thing with the statement that
-- gives it. The last kind is about tables that later migrations make.
WITH named AS (
	SELECT oid, nspname, nspowner
	FROM pg_namespace
	WHERE nspname IN ('ingest', 'teams')
), lacking AS (
	SELECT 'DATABASE' AS kind, '' AS schema, format('%I', current_database()) AS name, privilege
	FROM unnest(ARRAY['CONNECT', 'TEMPORARY']) AS privilege
	WHERE NOT has_database_privilege($1, current_database(), privilege)
	UNION ALL
	SELECT 'SCHEMA', nspname, format('%I', nspname), 'USAGE'
	FROM named
	WHERE NOT has_schema_privilege($1, oid, 'USAGE')
	UNION ALL
	SELECT 'TABLE', nspname, format('%I.%I', nspname, relname), privilege
	FROM named
	JOIN pg_class c ON c.relnamespace = named.oid
	CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND relname <> 'schema_migrations'
		AND (relname <> 'schema_version' OR privilege = 'SELECT')
		AND NOT has_table_privilege($1, c.oid, privilege)
)
SELECT kind, schema, name, array_agg(privilege), format('GRANT %s ON %s %s TO %I',
	string_agg(privilege, ', '), kind, name, $1::text)
FROM lacking
GROUP BY kind, schema, name
UNION ALL
SELECT 'LATER', nspname, format('%I', nspname), ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
	format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
		nspowner::regrole, nspname, $1::text)
FROM named
WHERE NOT pg_has_role($1, nspowner, 'USAGE') AND 4 > (
	SELECT count(DISTINCT privilege_type)
	FROM pg_default_acl d
	CROSS JOIN aclexplode(defaclacl)
	WHERE d.defaclrole = nspowner AND d.defaclnamespace = named.oid AND d.defaclobjtype = 'r'
		AND pg_has_role($1, grantee, 'USAGE') AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
)
ORDER BY 1, 3
