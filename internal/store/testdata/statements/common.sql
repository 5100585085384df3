-- === put_rejects
-- Keeps elements raw, those with the same text once. One that is kept already is
-- open again, with what is said of it now, unless someone has dropped it. One that is not
-- stored is of the time when it was served last: tried again, it must not give way to what
-- was stored before that.
INSERT INTO ingest.rejects AS r
	(tenant_id, endpoint, sha256, key, reason, stored, raw, run_id, served_at, slot_from, slot_to)
SELECT DISTINCT ON (sha256)
	$1::uuid, $2, sha256, key, reason, stored, raw, $3::bigint, served_at, slot_from, slot_to
FROM unnest($4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::bytea[],
		$9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
	AS new (sha256, key, reason, stored, raw, served_at, slot_from, slot_to)
ORDER BY sha256, stored
ON CONFLICT (tenant_id, endpoint, sha256) DO UPDATE
SET reason = excluded.reason,
	stored = excluded.stored,
	served_at = greatest(r.served_at, excluded.served_at),
	slot_from = coalesce(excluded.slot_from, r.slot_from),
	slot_to = coalesce(excluded.slot_to, r.slot_to),
	resolved_at = NULL,
	resolution = NULL
WHERE r.resolution IS DISTINCT FROM 'dropped'
	AND (r.resolved_at IS NOT NULL
		OR (r.reason, r.stored) <> (excluded.reason, excluded.stored)
		OR (r.slot_from, r.slot_to) IS DISTINCT FROM
			(coalesce(excluded.slot_from, r.slot_from), coalesce(excluded.slot_to, r.slot_to))
		OR NOT excluded.stored AND r.served_at < excluded.served_at);

-- === resolve_rejects
-- Closes the rejects of elements that were stored as served, but for those that
-- were met along with them.
UPDATE ingest.rejects
SET resolved_at = now(), resolution = 'stored'
WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL
	AND key = ANY ($3::text[]) AND sha256 <> ALL ($4::bytea[]);

-- === users_mark
-- How far users were refreshed from this endpoint, and how far they can be: a
-- transaction before the second is over, and all its rows can be seen.
SELECT coalesce((SELECT xid FROM ingest.marks WHERE tenant_id = $1 AND endpoint = $2 AND name = 'users'), '0')::text,
	ingest.feed_horizon()::text;

-- === users_move_mark
INSERT INTO ingest.marks AS m (tenant_id, endpoint, name, xid)
VALUES ($1, $2, 'users', $3::text::xid8)
ON CONFLICT (tenant_id, endpoint, name) DO UPDATE
SET xid = excluded.xid, moved_at = excluded.moved_at
WHERE m.xid < excluded.xid;

-- === renew_tables
-- The tables whose rows say in which transaction they changed last.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('teams', 'ingest') AND a.attname = 'change_xid' AND NOT a.attisdropped
	AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1;

-- === renew_marks
-- Forgets how far derived work has come in transactions that have not happened
-- yet here: it begins anew.
DELETE FROM ingest.marks WHERE tenant_id = $1 AND xid > pg_snapshot_xmax(pg_current_snapshot());

-- === renew_tombstones
-- Forgets a tombstone that has not happened yet here where the same row has a later
-- one. Both would get the number of one transaction, and readers that follow
-- changes know the two by number, table and key alone.
DELETE FROM ingest.tombstones t
USING ingest.tombstones later
WHERE t.tenant_id = $1 AND t.change_xid >= pg_snapshot_xmax(pg_current_snapshot())
	AND later.tenant_id = t.tenant_id AND later.table_name = t.table_name AND later.key = t.key
	AND later.tombstone_id > t.tombstone_id;

-- === rewrite_rejects
-- Gives an element that is kept raw another text, unless that is kept already: then it
-- is deleted.
WITH there AS (
	SELECT 1 FROM ingest.rejects WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $4
), renamed AS (
	UPDATE ingest.rejects
	SET sha256 = $4, raw = $5, key = $6
	WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3 AND NOT EXISTS (SELECT 1 FROM there)
)
DELETE FROM ingest.rejects
WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3 AND EXISTS (SELECT 1 FROM there);

-- === rights
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
ORDER BY array_position(ARRAY['ROLE', 'MAKE', 'VIEW', 'DATABASE', 'SCHEMA', 'TABLE', 'FUNCTION', 'LATER'], kind), name;

-- === checkup
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
WHERE r.rolname = current_user AND d.datname = current_database();

-- === rollup_due
-- Reports whether there is something to refresh: a note, a list that has changed, or
-- a day to come that the calendars lack.
SELECT EXISTS (SELECT 1 FROM rollup.stale WHERE at < now())
	OR EXISTS (
		SELECT 1
		FROM rollup.lists
		LEFT JOIN rollup.digests d USING (list)
		WHERE lists.digest IS DISTINCT FROM d.digest
	)
	OR NOT EXISTS (SELECT 1 FROM ref.days WHERE from_at > now());

-- === rollup_lists
-- Notes the lists as they are now, and names those that have changed.
INSERT INTO rollup.digests AS d (list, digest)
SELECT list, digest
FROM rollup.lists
ON CONFLICT (list) DO UPDATE
SET digest = excluded.digest
WHERE d.digest <> excluded.digest
RETURNING list;

-- === rollup_days
-- The days that notes are about, the newest first, without days $1.
SELECT DISTINCT day
FROM rollup.stale_days
WHERE (day = ANY ($1::date[])) IS NOT TRUE
ORDER BY day DESC;

-- === rollup_work
-- What is to be computed for the notes of days $1: the day of a rollup, for the
-- tenants noted. A day that reads rows which retention may have deleted is left out.
WITH noted AS (
	SELECT DISTINCT s.tenant_id, s.source, d.day
	FROM rollup.stale s
	JOIN rollup.stale_days d USING (at)
	WHERE d.day = ANY ($1::date[])
), work AS (
	SELECT DISTINCT v.name, v.position, v.sources, v.touches_neighbours, n.tenant_id, n.day + beside AS day
	FROM noted n
	JOIN rollup.views v ON n.source = ANY (v.sources)
	CROSS JOIN generate_series(-v.touches_neighbours::int, v.touches_neighbours::int) AS beside
)
SELECT w.name, w.day, array_agg(w.tenant_id::text)
FROM work w
JOIN ref.days d USING (day)
WHERE NOT EXISTS (
	SELECT 1
	FROM rollup.frozen f
	WHERE f.tenant_id = w.tenant_id AND f.source = ANY (w.sources)
		AND f.before > d.from_at
			- CASE WHEN w.touches_neighbours THEN interval '25 hours' ELSE interval '10 minutes' END
)
GROUP BY w.position, w.day, w.name
ORDER BY w.position, w.day, w.name;

-- === rollup_forget
-- Deletes the notes all of whose days are among $1, or before all calendars. One of a
-- time to come waits for its day.
WITH done AS (
	SELECT DISTINCT at
	FROM rollup.stale s
	WHERE at <= (SELECT max(to_at) - interval '70 minutes' FROM ref.days)
		AND NOT EXISTS (SELECT 1 FROM rollup.stale_days d WHERE d.at = s.at AND d.day <> ALL ($1::date[]))
)
DELETE FROM rollup.stale
USING done
WHERE stale.at = done.at AND note_xid < rollup.ripe_before();

-- === kept_from
-- Before when rows of an endpoint may have been deleted by retention; null if none were.
SELECT greatest(kept_from, details_kept_from)
FROM ingest.endpoints
WHERE tenant_id = $1 AND endpoint = $2;

-- === prune_who
-- The tenants whose rows a daemon prunes: those it reads, $1, and those that nobody has read for a week, as
-- another daemon with other terms may only be stopped. And the
-- time by which rows are old: Graph's as it was last known here, or the database's if that is earlier. What
-- a clock that is ahead deletes does not come back.
SELECT coalesce(array_agg(DISTINCT tenant_id::text)
		FILTER (WHERE tenant_id = ANY ($1::text[]::uuid[]) OR gone), '{}'),
	CASE WHEN count(clock_at) > 0 THEN least(max(clock_at), now()) END
FROM (
	SELECT tenant_id, clock_at,
		bool_and(coalesce(removed_at < now() - interval '7 days', false)) OVER (PARTITION BY tenant_id) AS gone
	FROM ingest.endpoints
) e;

-- === prune_raw
-- Deletes what was kept raw of the time before $3, of endpoint $2 of tenants $1: rejects, and what was
-- answered in place of a page. That a slot failed stays known.
WITH rejects AS (
	DELETE FROM ingest.rejects
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2 AND coalesce(slot_to, served_at) <= $3
)
UPDATE ingest.parked
SET body = NULL
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2 AND slot_to <= $3 AND body IS NOT NULL;

-- === prune_freeze
-- Has no figures of days before $2 computed any more, of tenants $1, from rows of any endpoint but those of $3, which
-- are kept.
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, s.name, $2
FROM unnest($1::text[]) AS t
CROSS JOIN rollup.sources s
WHERE s.name <> ALL (coalesce($3::text[], '{}'))
ORDER BY t, s.name
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before;

-- === prune_users
-- Forgets the users of tenants $1 whom no row has named since $2.
DELETE FROM teams.users
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND last_seen_on < $2::date;

-- === names_of
-- What users $2 of tenant $1 are called, wherever rows say so. An address is that of the user who has it in most rows:
-- Graph serves rows in somebody else's name, too.
WITH named AS NOT MATERIALIZED (
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.users
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.pstn_calls
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.direct_routing_calls
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.sms_messages
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.pstn_blocked_users_log
	UNION ALL
	SELECT tenant_id, user_id, user_principal_name, user_display_name FROM teams.dialout_report
	UNION ALL
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.call_participants
	UNION ALL
	SELECT tenant_id, user_id, principal_name, display_name FROM teams.session_endpoints
), called AS MATERIALIZED (
	SELECT DISTINCT principal_name, display_name
	FROM named
	WHERE tenant_id = $1 AND user_id = ANY ($2::text[]::uuid[])
), owners AS (
	SELECT DISTINCT ON (principal_name) principal_name, user_id = ANY ($2::text[]::uuid[]) AS theirs
	FROM named
	WHERE tenant_id = $1 AND user_id IS NOT NULL AND principal_name IN (SELECT principal_name FROM called)
	GROUP BY principal_name, user_id
	ORDER BY principal_name, count(*) DESC, theirs DESC
)
SELECT CASE WHEN o.theirs THEN c.principal_name END, c.display_name
FROM called c
LEFT JOIN owners o USING (principal_name);

-- === prune_count_users
-- How many users of tenants $1 no row has named since $2, and from when to when one did last.
SELECT tenant_id, count(*), min(last_seen_on)::timestamp AT TIME ZONE 'UTC',
	max(last_seen_on)::timestamp AT TIME ZONE 'UTC'
FROM teams.users
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND last_seen_on < $2::date
GROUP BY tenant_id;

-- === tell_calls
-- What people ask first of some calls, in the words of analytics: their length, who
-- took part, how many segments failed and how, and how the audio was. Of a user, $3,
-- it tells who the others were, what became of the user's own segments, and of the
-- audio that the user sent.
SELECT c.call_id, c.call_kind, c.start_at, c.duration_s,
	(
		SELECT coalesce(array_agg(
			coalesce(p.display_name, CASE p.identity_kind WHEN 'phone' THEN p.identity_id ELSE p.principal_name END,
				p.identity_kind, 'unknown')
			ORDER BY p.is_organizer DESC, p.display_name, p.identity_id), '{}')
		FROM analytics.participants p
		WHERE p.tenant_id = $1 AND p.call_id = c.call_id
			AND ($3::uuid IS NULL OR p.user_id IS DISTINCT FROM $3::uuid)
			AND NOT EXISTS (
				SELECT 1
				FROM ref.service_identities i
				WHERE i.identity_id = p.identity_id AND (i.tenant_id = $1 OR i.tenant_id IS NULL)
			)
	),
	f.setup_failed, f.dropped, a.good, a.poor, a.poor_reasons
FROM analytics.calls c
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'callsetup') AS setup_failed,
		count(*) FILTER (WHERE analytics.lower_ascii(g.failure_stage) = 'midcall') AS dropped
	FROM teams.segments g
	WHERE g.tenant_id = $1 AND g.call_id = c.call_id
		AND ($3::uuid IS NULL OR EXISTS (
			SELECT 1
			FROM teams.segment_endpoints e
			WHERE e.tenant_id = $1 AND e.call_id = g.call_id AND e.session_index = g.session_index
				AND e.segment_index = g.segment_index AND e.user_id = $3::uuid
		))
) f
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE s.quality = 'good') AS good, count(*) FILTER (WHERE s.quality = 'poor') AS poor,
		string_agg(DISTINCT s.poor_reasons, ',') AS poor_reasons
	FROM analytics.call_quality_streams s
	WHERE s.tenant_id = $1 AND s.call_id = c.call_id AND s.media_kind = 'audio'
		AND ($3::uuid IS NULL OR s.sender_side = 'caller' AND s.caller_user_id = $3::uuid
			OR s.sender_side = 'callee' AND s.callee_user_id = $3::uuid)
) a
WHERE c.tenant_id = $1 AND c.call_id = ANY ($2::text[]::uuid[]);

-- === rewrite_users
-- Adds users of tenant $1 to those that are there.
INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT $1, user_id, display_name, principal_name, first_seen_on, last_seen_on, source
FROM unnest($2::text[]::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[])
	AS moved (user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
ORDER BY user_id
ON CONFLICT (tenant_id, user_id) DO UPDATE
SET display_name = CASE WHEN excluded.last_seen_on >= u.last_seen_on
		THEN coalesce(excluded.display_name, u.display_name)
		ELSE coalesce(u.display_name, excluded.display_name) END,
	principal_name = CASE WHEN excluded.last_seen_on >= u.last_seen_on
		THEN coalesce(excluded.principal_name, u.principal_name)
		ELSE coalesce(u.principal_name, excluded.principal_name) END,
	source = CASE WHEN excluded.last_seen_on >= u.last_seen_on THEN excluded.source ELSE u.source END,
	first_seen_on = least(u.first_seen_on, excluded.first_seen_on),
	last_seen_on = greatest(u.last_seen_on, excluded.last_seen_on)
WHERE excluded.first_seen_on < u.first_seen_on
	OR excluded.last_seen_on > u.last_seen_on
	OR excluded.last_seen_on = u.last_seen_on
		AND (coalesce(excluded.display_name, u.display_name), coalesce(excluded.principal_name, u.principal_name))
			IS DISTINCT FROM (u.display_name, u.principal_name)
	OR u.display_name IS NULL AND excluded.display_name IS NOT NULL
	OR u.principal_name IS NULL AND excluded.principal_name IS NOT NULL;

-- === rollup_day
-- Computes day $1 of a rollup for tenants $2. Rows that stay the same are not written.
-- NOT IN is a look into a hash table, whatever the planner expects: of a day that is
-- newer than the statistics it expects one row, and would compare each with each.
WITH fresh AS MATERIALIZED (
	SELECT l.*
	FROM live."pstn_matches" l
	WHERE l.day = $1 AND l.tenant_id = ANY ($2::uuid[])
), gone AS (
	DELETE FROM rollup."pstn_matches" r
	WHERE r.day = $1 AND r.tenant_id = ANY ($2::uuid[]) AND r NOT IN (SELECT f FROM fresh f)
	RETURNING 1
)
INSERT INTO rollup."pstn_matches"
SELECT *
FROM fresh f
WHERE f NOT IN (SELECT r FROM rollup."pstn_matches" r WHERE r.day = $1 AND r.tenant_id = ANY ($2::uuid[]))
	AND (SELECT count(*) FROM gone) >= 0 -- which deletes before anything is inserted
ON CONFLICT (tenant_id, id, start_at) DO UPDATE SET (day, call_id, method, score)
			= (excluded.day, excluded.call_id, excluded.method, excluded.score);

-- === prune_rollup
-- Deletes the oldest day before $2 of a rollup, of tenants $1.
DELETE FROM rollup.pstn_cost_daily
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND day = (
	SELECT min(day)
	FROM rollup.pstn_cost_daily
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND day < $2::date
);

-- === renew_look
-- The lowest transaction of the table that has not happened yet here. What has is asked
-- for as in note_hours.sql.
SELECT change_xid::text
FROM teams.pstn_calls
WHERE tenant_id = $1 AND change_xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot()) FROM ingest.schema_version)
ORDER BY change_xid
LIMIT 1;

-- === renew_slice
-- Gives some $2 rows the number of this transaction in place of one that has not
-- happened yet here: whole transactions, lowest first, one at least.
UPDATE teams.pstn_calls
SET change_xid = pg_current_xact_id()
WHERE tenant_id = $1 AND change_xid > pg_current_xact_id() AND change_xid <= coalesce((
	SELECT change_xid FROM teams.pstn_calls
	WHERE tenant_id = $1 AND change_xid > (SELECT pg_current_xact_id() FROM ingest.schema_version)
	ORDER BY change_xid
	LIMIT 1 OFFSET $2
), '18446744073709551615');

