-- What a database says of itself, and how many connections it has left for
-- sessions of this program: by the limit of the role, of the database, and of
-- the server; null where there is none.
WITH sessions AS (
	SELECT datname, usename, usename = current_user AND application_name = 'ingestd' AS ours
	FROM pg_stat_activity
	WHERE datname IS NOT NULL
)
SELECT current_user::text AS role, current_database()::text AS database,
	current_setting('server_version') AS server_version, clock_timestamp() AS now,
	pg_database_size(current_database()) AS bytes, r.rolsuper,
	(SELECT NULLIF(r.rolconnlimit, -1) - count(*) FROM sessions WHERE usename = current_user AND NOT ours),
	(SELECT NULLIF(d.datconnlimit, -1) - count(*) FROM sessions WHERE datname = current_database() AND NOT ours),
	(SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
		- coalesce(current_setting('reserved_connections', true)::int, 0) - count(*)
	FROM sessions WHERE NOT coalesce(ours, false))
FROM pg_roles r, pg_database d
WHERE r.rolname = current_user AND d.datname = current_database()
