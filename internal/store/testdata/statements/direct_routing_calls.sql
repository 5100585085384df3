-- === stage
CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.stage_direct_routing_calls ON COMMIT DELETE ROWS AS
SELECT tenant_id, updated_at, run_id, row_hash, id, correlation_id, user_id, user_principal_name,
	user_display_name, invite_at, start_at, failure_at, end_at, duration_s, call_type, successful_call,
	caller_number, callee_number, media_path_location, signaling_location, final_sip_code,
	call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields FROM teams.direct_routing_calls WITH NO DATA;

-- === copy
COPY pg_temp.stage_direct_routing_calls (tenant_id, updated_at, run_id, row_hash, id, correlation_id, user_id, user_principal_name,
	user_display_name, invite_at, start_at, failure_at, end_at, duration_s, call_type, successful_call,
	caller_number, callee_number, media_path_location, signaling_location, final_sip_code,
	call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields) FROM STDIN (FORMAT binary);

-- === look up
-- Each row is looked for by itself, by its key: for all ids at once the planner might choose another index, and read
-- all rows of the tenant.
SELECT stored.*
FROM unnest($2::text[]) AS wanted (id)
CROSS JOIN LATERAL (
	SELECT id::text, row_hash, updated_at
	FROM teams.direct_routing_calls
	WHERE tenant_id = $1 AND id = wanted.id
	LIMIT 1
) AS stored;

-- === upsert
-- Stores the staged rows in key order. A stored row is replaced by one that
-- says something else and is newer, or that is older by more than an hour: the
-- stored one came from a clock that was ahead. It tells when each was stored first.
INSERT INTO teams.direct_routing_calls AS t (tenant_id, updated_at, run_id, row_hash, id, correlation_id, user_id, user_principal_name,
	user_display_name, invite_at, start_at, failure_at, end_at, duration_s, call_type, successful_call,
	caller_number, callee_number, media_path_location, signaling_location, final_sip_code,
	call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields, change_xid)
SELECT tenant_id, updated_at, run_id, row_hash, id, correlation_id, user_id, user_principal_name,
	user_display_name, invite_at, start_at, failure_at, end_at, duration_s, call_type, successful_call,
	caller_number, callee_number, media_path_location, signaling_location, final_sip_code,
	call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields, pg_current_xact_id()
FROM pg_temp.stage_direct_routing_calls
ORDER BY tenant_id, id
ON CONFLICT (tenant_id, id) DO UPDATE
SET updated_at = excluded.updated_at,
	run_id = excluded.run_id,
	row_hash = excluded.row_hash,
	correlation_id = excluded.correlation_id,
	user_id = excluded.user_id,
	user_principal_name = excluded.user_principal_name,
	user_display_name = excluded.user_display_name,
	invite_at = excluded.invite_at,
	start_at = excluded.start_at,
	failure_at = excluded.failure_at,
	end_at = excluded.end_at,
	duration_s = excluded.duration_s,
	call_type = excluded.call_type,
	successful_call = excluded.successful_call,
	caller_number = excluded.caller_number,
	callee_number = excluded.callee_number,
	media_path_location = excluded.media_path_location,
	signaling_location = excluded.signaling_location,
	final_sip_code = excluded.final_sip_code,
	call_end_sub_reason = excluded.call_end_sub_reason,
	final_sip_code_phrase = excluded.final_sip_code_phrase,
	trunk_fqdn = excluded.trunk_fqdn,
	media_bypass_enabled = excluded.media_bypass_enabled,
	transferor_correlation_id = excluded.transferor_correlation_id,
	user_country_code = excluded.user_country_code,
	other_party_country_code = excluded.other_party_country_code,
	administrative_unit_ids = excluded.administrative_unit_ids,
	unknown_fields = excluded.unknown_fields,
	change_xid = excluded.change_xid
WHERE t.row_hash <> excluded.row_hash
	AND (t.updated_at < excluded.updated_at OR t.updated_at - excluded.updated_at > interval '1 hour')
RETURNING id::text, ingested_at;

-- === note hours
-- Notes for the rollups the hours $3 in which rows count that are written next, and
-- those in which the rows do that they replace. Their old time is that of the row under
-- its lock: rows $2, which are known to be stored, are locked in the order given, that
-- of keys, and found as in look_up.sql. It names those that it has locked, in one array.
-- The transaction's number is asked for beside a table of the ledger: on Citus it would
-- be another node's beside rows.
WITH locked AS (
	SELECT stored.*
	FROM unnest($2::text[]) AS wanted (id)
	CROSS JOIN LATERAL (
		SELECT id AS id, coalesce(invite_at, start_at) AS at
		FROM teams.direct_routing_calls
		WHERE tenant_id = $1 AND id = wanted.id
		LIMIT 1
		FOR UPDATE
	) AS stored
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT $1, 'direct_routing_calls', hour, xid
	FROM (SELECT pg_current_xact_id() AS xid FROM ingest.schema_version) AS here
	CROSS JOIN (
		SELECT hour FROM unnest($3::timestamptz[]) AS hour
		UNION
		SELECT date_bin('1 hour', at, '2000-01-01Z') FROM locked WHERE at IS NOT NULL
	) AS hours
)
SELECT array_agg(id::text)
FROM locked;

-- === copy new
COPY teams.direct_routing_calls (tenant_id, updated_at, run_id, row_hash, id, correlation_id, user_id, user_principal_name,
	user_display_name, invite_at, start_at, failure_at, end_at, duration_s, call_type, successful_call,
	caller_number, callee_number, media_path_location, signaling_location, final_sip_code,
	call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields) FROM STDIN (FORMAT binary);

-- === next changed row
-- The transaction of the tenant's changed row that comes after $4 others, counted
-- from transaction $2 on and before $3.
SELECT change_xid::text
FROM teams.direct_routing_calls
WHERE tenant_id = $1 AND change_xid >= $2::text::xid8 AND change_xid < $3::text::xid8
ORDER BY change_xid
LIMIT 1 OFFSET $4;

-- === refresh users
-- Refreshes the users named by rows that changed from transaction $3 on and
-- before $4. Names come from the newest event (of several at one time the same
-- whatever their order). Users are written in the order of their ids, so that
-- the refreshes of two endpoints do not deadlock. Unchanged is not written.
INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
SELECT $1, user_id,
	(array_agg(user_display_name ORDER BY start_at DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_display_name IS NOT NULL))[1],
	(array_agg(user_principal_name ORDER BY start_at DESC, user_principal_name, user_display_name)
		FILTER (WHERE user_principal_name IS NOT NULL))[1],
	min(start_at)::date, max(start_at)::date, $2
FROM teams.direct_routing_calls
WHERE change_xid >= $3::text::xid8 AND change_xid < $4::text::xid8
	AND tenant_id = $1 AND user_id IS NOT NULL AND start_at IS NOT NULL
GROUP BY user_id
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

-- === tenants to prune
-- Of tenants $1 those whose rows of endpoint $2 before $3 can be deleted now, how many others, and from when
-- on there may be any, with an hour for what was being stored. Rows wait while figures are to be computed of
-- days that read such rows, as they never are once some are gone. A day reads rows of the days beside it.
SELECT coalesce(array_agg(tenant ORDER BY tenant) FILTER (WHERE ready), '{}'), count(*) FILTER (WHERE NOT ready),
	coalesce(min(begins) FILTER (WHERE ready), '-infinity')
FROM (
	SELECT e.tenant_id::text AS tenant, '-infinity'::timestamptz - interval '1 hour' AS begins, NOT EXISTS (
		SELECT 1 FROM rollup.stale s
		WHERE s.tenant_id = e.tenant_id AND s.at < $3::timestamptz + interval '3 days'
	) AS ready
	FROM ingest.endpoints e
	WHERE e.tenant_id = ANY ($1::text[]::uuid[]) AND e.endpoint = $2
) t;

-- === end of a slice
-- The time of the row that comes after $4 others of tenants $1, from $2 on and before $3.
SELECT coalesce(invite_at, start_at)
FROM teams.direct_routing_calls
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND coalesce(invite_at, start_at) >= $2 AND coalesce(invite_at, start_at) < $3
ORDER BY coalesce(invite_at, start_at)
LIMIT 1 OFFSET $4;

-- === prune
-- Deletes the rows of tenants $1 from $2 on and before $3, each with a tombstone. One that has no time
-- counts as of when it was stored. The transaction's number is asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.direct_routing_calls
	WHERE tenant_id = ANY ($1::text[]::uuid[])
		AND (coalesce(invite_at, start_at) >= $2 AND coalesce(invite_at, start_at) < $3 OR coalesce(invite_at, start_at) IS NULL AND ingested_at < $3)
	RETURNING tenant_id, id
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, 'direct_routing_calls', to_jsonb(gone), 'expire', xid
FROM gone
CROSS JOIN here;

-- === kept from
-- Notes that rows of endpoint $2 before $3 may be deleted, of tenants $1, and that no figures are computed
-- from them any more. Neither time moves back.
WITH marked AS (
	UPDATE ingest.endpoints
	SET kept_from = greatest(kept_from, $3::timestamptz)
	WHERE tenant_id = ANY ($1::text[]::uuid[]) AND endpoint = $2
)
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, $2, $3
FROM unnest($1::text[]) AS t
ORDER BY t
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before;

-- === count
-- How many rows of tenants $1 are before $2, from '-infinity'::timestamptz on, and from when to when.
SELECT r.tenant_id, count(*), min(coalesce(invite_at, start_at)), max(coalesce(invite_at, start_at))
FROM teams.direct_routing_calls r
JOIN ingest.endpoints e ON e.tenant_id = r.tenant_id AND e.endpoint = 'direct_routing_calls'
WHERE r.tenant_id = ANY ($1::text[]::uuid[])
	AND (coalesce(invite_at, start_at) >= '-infinity'::timestamptz AND coalesce(invite_at, start_at) < $2 OR coalesce(invite_at, start_at) IS NULL AND r.ingested_at < $2)
GROUP BY r.tenant_id;

-- === next to rewrite
-- The keys of the next $3 rows of tenant $1 from key $2 on, as texts.
SELECT ARRAY[id::text]
FROM teams.direct_routing_calls
WHERE tenant_id = $1 AND (id) >= (($2::text[])[1]::text)
ORDER BY id
LIMIT $3;

-- === next of old to rewrite
-- The keys of the next rows of tenant $1 from time $2 on and before $3, as texts, with their
-- times: some $4, and all that have the time of the last.
SELECT ARRAY[id::text], at
FROM (
	SELECT id, coalesce(invite_at, start_at) AS at
	FROM teams.direct_routing_calls
	WHERE tenant_id = $1 AND coalesce(invite_at, start_at) >= $2 AND coalesce(invite_at, start_at) < $3
	ORDER BY coalesce(invite_at, start_at)
	FETCH FIRST ($4) ROWS WITH TIES
) AS slice
ORDER BY id;

-- === next without time to rewrite
-- The keys, as texts, of the rows of tenant $1 that have no time, and were stored before $2.
SELECT ARRAY[id::text]
FROM teams.direct_routing_calls
WHERE tenant_id = $1 AND coalesce(invite_at, start_at) IS NULL AND ingested_at < $2
ORDER BY id;

-- === count to rewrite
-- How many rows of tenant $1 happened before $2 and are not rewritten for that, and from when to when.
SELECT $1::uuid, count(*), min(coalesce(invite_at, start_at)), max(coalesce(invite_at, start_at))
FROM teams.direct_routing_calls
WHERE tenant_id = $1 AND coalesce(invite_at, start_at) >= $3 AND coalesce(invite_at, start_at) < $2
HAVING count(*) > 0;

-- === lock
-- Locks rows by their keys, in the order given, and reads them as they are under the
-- lock, each with the number of its key. Each is looked for by itself, as in look_up.sql.
SELECT n, stored.*
FROM unnest($2::text[]::text[]) WITH ORDINALITY AS wanted (id, n)
CROSS JOIN LATERAL (
	SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id, correlation_id, user_id,
	user_principal_name, user_display_name, invite_at, start_at, failure_at, end_at, duration_s,
	call_type, successful_call, caller_number, callee_number, media_path_location, signaling_location,
	final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields
	FROM teams.direct_routing_calls t
	WHERE t.tenant_id = $1 AND (t.id) = (wanted.id)
	LIMIT 1
	FOR UPDATE
) AS stored;

-- === stage of rewritten
CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.rewrite_direct_routing_calls ON COMMIT DELETE ROWS AS
SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id, correlation_id, user_id,
	user_principal_name, user_display_name, invite_at, start_at, failure_at, end_at, duration_s,
	call_type, successful_call, caller_number, callee_number, media_path_location, signaling_location,
	final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields FROM teams.direct_routing_calls WITH NO DATA;

-- === copy of rewritten
COPY pg_temp.rewrite_direct_routing_calls (tenant_id, ingested_at, updated_at, run_id, row_hash, id, correlation_id, user_id,
	user_principal_name, user_display_name, invite_at, start_at, failure_at, end_at, duration_s,
	call_type, successful_call, caller_number, callee_number, media_path_location, signaling_location,
	final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields) FROM STDIN (FORMAT binary);

-- === delete moved
-- Deletes rows that get another key, each with a tombstone. The transaction's number is
-- asked for as in note_hours.sql.
WITH gone AS (
	DELETE FROM teams.direct_routing_calls t
	USING unnest($2::text[]::text[]) AS wanted (id)
	WHERE t.tenant_id = $1 AND (t.id) = (wanted.id)
	RETURNING t.tenant_id, t.id
), here AS (
	SELECT pg_current_xact_id() AS xid FROM ingest.schema_version
)
INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
SELECT tenant_id, 'direct_routing_calls', to_jsonb(gone), 'delete', xid
FROM gone
CROSS JOIN here;

-- === write rewritten
-- Stores the staged rows, whose old content is locked or deleted. A row that was read
-- later under a key that is new to the staged one stays.
INSERT INTO teams.direct_routing_calls AS t (tenant_id, ingested_at, updated_at, run_id, row_hash, id, correlation_id, user_id,
	user_principal_name, user_display_name, invite_at, start_at, failure_at, end_at, duration_s,
	call_type, successful_call, caller_number, callee_number, media_path_location, signaling_location,
	final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields, change_xid)
SELECT tenant_id, ingested_at, updated_at, run_id, row_hash, id, correlation_id, user_id,
	user_principal_name, user_display_name, invite_at, start_at, failure_at, end_at, duration_s,
	call_type, successful_call, caller_number, callee_number, media_path_location, signaling_location,
	final_sip_code, call_end_sub_reason, final_sip_code_phrase, trunk_fqdn, media_bypass_enabled,
	transferor_correlation_id, user_country_code, other_party_country_code, administrative_unit_ids,
	unknown_fields, pg_current_xact_id()
FROM pg_temp.rewrite_direct_routing_calls
ORDER BY tenant_id, id
ON CONFLICT (tenant_id, id) DO UPDATE
SET updated_at = excluded.updated_at,
	run_id = excluded.run_id,
	row_hash = excluded.row_hash,
	correlation_id = excluded.correlation_id,
	user_id = excluded.user_id,
	user_principal_name = excluded.user_principal_name,
	user_display_name = excluded.user_display_name,
	invite_at = excluded.invite_at,
	start_at = excluded.start_at,
	failure_at = excluded.failure_at,
	end_at = excluded.end_at,
	duration_s = excluded.duration_s,
	call_type = excluded.call_type,
	successful_call = excluded.successful_call,
	caller_number = excluded.caller_number,
	callee_number = excluded.callee_number,
	media_path_location = excluded.media_path_location,
	signaling_location = excluded.signaling_location,
	final_sip_code = excluded.final_sip_code,
	call_end_sub_reason = excluded.call_end_sub_reason,
	final_sip_code_phrase = excluded.final_sip_code_phrase,
	trunk_fqdn = excluded.trunk_fqdn,
	media_bypass_enabled = excluded.media_bypass_enabled,
	transferor_correlation_id = excluded.transferor_correlation_id,
	user_country_code = excluded.user_country_code,
	other_party_country_code = excluded.other_party_country_code,
	administrative_unit_ids = excluded.administrative_unit_ids,
	unknown_fields = excluded.unknown_fields,
	change_xid = excluded.change_xid
WHERE t.updated_at <= excluded.updated_at;

-- === note rewritten
-- Notes for the rollups the hours in which staged rows count.
INSERT INTO rollup.stale (tenant_id, source, at)
SELECT DISTINCT tenant_id, 'direct_routing_calls', date_bin('1 hour', coalesce(invite_at, start_at), '2000-01-01Z')
FROM pg_temp.rewrite_direct_routing_calls
WHERE coalesce(invite_at, start_at) IS NOT NULL;

