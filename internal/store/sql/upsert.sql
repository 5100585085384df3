-- Stores the staged rows in key order. A stored row is replaced by one that
-- says something else and is newer, or that is older by more than an hour: the
-- stored one came from a clock that was ahead.
-- For the rollups it notes the hours {hours} in which the rows count, and those in
-- which the replaced rows did. Their old time is that of the row under its lock. So
-- rows $2, which are known to be stored, are locked first. A row that is replaced
-- without that is told by false.
WITH locked AS (
	SELECT {id}, {time} AS at
	FROM teams.{table}
	WHERE tenant_id = $1 AND {id} = ANY ($2::{id_type}[]){of_day}
	ORDER BY {id}
	FOR UPDATE
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT $1, '{table}', hour, pg_current_xact_id()
	FROM (
		SELECT hour FROM unnest({hours}::timestamptz[]) AS hour
		UNION
		SELECT date_bin('1 hour', at, '2000-01-01Z') FROM locked WHERE at IS NOT NULL
	) AS hours
)
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
RETURNING {id}::text, ingested_at = now() OR {id} IN (SELECT {id} FROM locked)
