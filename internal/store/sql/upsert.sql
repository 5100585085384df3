-- Stores the staged rows in key order. A stored row is replaced by one that
-- says something else and is newer, or that is older by more than an hour: the
-- stored one came from a clock that was ahead.
-- For the rollups the hours of all rows written are noted, old and new. The old
-- time is that of the row under its lock. So rows $2, which are known to be stored,
-- are locked first. A row that is replaced without that is told by false.
WITH locked AS (
	SELECT {id}, {time} AS at
	FROM teams.{table}
	WHERE tenant_id = $1 AND {id} = ANY ($2::{id_type}[]){of_day}
	ORDER BY {id}
	FOR UPDATE
), written AS (
	INSERT INTO teams.{table} AS t ({columns}, change_xid)
	SELECT {columns}, pg_current_xact_id()
	FROM {stage}
	WHERE (SELECT count(*) FROM locked) >= 0 -- which locks before anything is written
	ORDER BY {key}
	ON CONFLICT ({key}) DO UPDATE
	SET {set},
		change_xid = excluded.change_xid
	WHERE t.row_hash <> excluded.row_hash
		AND (t.updated_at < excluded.updated_at OR t.updated_at - excluded.updated_at > interval '1 hour')
	RETURNING {id}, {time} AS at, ingested_at = now() AS is_new
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT DISTINCT $1::uuid, '{table}', date_bin('1 hour', at, '2000-01-01Z'), pg_current_xact_id()
	FROM (SELECT at FROM locked UNION ALL SELECT at FROM written) AS times
	WHERE at IS NOT NULL
)
SELECT {id}::text, is_new OR {id} IN (SELECT {id} FROM locked)
FROM written
