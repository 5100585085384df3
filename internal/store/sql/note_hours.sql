-- Notes for the rollups the hours {hours} in which rows count that are written next, and
-- those in which the rows do that they replace. Their old time is that of the row under
-- its lock: rows $2, which are known to be stored, are locked in the order given, that
-- of keys, and found as in look_up.sql. It names those that it has locked, in one array.
-- The transaction's number is asked for beside a table of the ledger: on Citus it would
-- be another node's beside rows.
WITH locked AS (
	SELECT stored.*
	FROM unnest($2::{id_type}[]) AS wanted (id)
	CROSS JOIN LATERAL (
		SELECT {id} AS id, {time} AS at
		FROM teams.{table}
		WHERE tenant_id = $1 AND {id} = wanted.id{of_day}
		LIMIT 1
		FOR UPDATE
	) AS stored
), noted AS (
	INSERT INTO rollup.stale (tenant_id, source, at, note_xid)
	SELECT $1, '{table}', hour, xid
	FROM (SELECT pg_current_xact_id() AS xid FROM ingest.schema_version) AS here
	CROSS JOIN (
		SELECT hour FROM unnest({hours}::timestamptz[]) AS hour
		UNION
		SELECT date_bin('1 hour', at, '2000-01-01Z') FROM locked WHERE at IS NOT NULL
	) AS hours
)
SELECT array_agg(id::text)
FROM locked
