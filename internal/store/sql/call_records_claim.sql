-- Stores the staged headers, in the order of their ids, each unless details of
-- its version or a higher one are stored. The rows written are locked until the
-- end of the transaction, so that nobody else writes details of theirs.
-- For the rollups hours are noted as with other rows: $2 are the records staged, and
-- $3 the hours in which they count.
WITH locked AS (
	SELECT id, start_at
	FROM teams.call_records
	WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
	ORDER BY id
	FOR UPDATE
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT $1, 'call_records', hour, pg_current_xact_id()
	FROM (
		SELECT hour FROM unnest($3::timestamptz[]) AS hour
		UNION
		SELECT date_bin('1 hour', start_at, '2000-01-01Z') FROM locked WHERE start_at IS NOT NULL
	) AS hours
)
INSERT INTO teams.call_records AS t ({columns}, details_version, details_at, change_xid)
SELECT {columns}, version, now(), pg_current_xact_id()
FROM {stage}
WHERE (SELECT count(*) FROM locked) >= 0 -- which locks before anything is written
ORDER BY {key}
ON CONFLICT ({key}) DO UPDATE
SET {set},
	version = greatest(t.version, excluded.version),
	session_count = excluded.session_count,
	call_kind = excluded.call_kind,
	details_version = excluded.details_version,
	details_at = excluded.details_at,
	change_xid = excluded.change_xid
WHERE t.details_version IS NULL OR t.details_version < excluded.details_version
RETURNING id::text, ingested_at = now() OR id IN (SELECT id FROM locked)
