-- Notes for the rollups the hours {hours} in which rows count that are written next, and
-- those in which the rows do that they replace. Their old time is that of the row under
-- its lock: rows $2, which are known to be stored, are locked in key order. It names
-- those that it has locked.
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
SELECT {id}::text
FROM locked
