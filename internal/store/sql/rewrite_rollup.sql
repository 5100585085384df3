-- Puts texts in the place of others in the personal columns of a rollup, which are to be
-- told for days that are never computed again, notes the days as changed, and returns them.
WITH rewritten AS (
	UPDATE rollup.{view} r
	SET {set}
	FROM unnest({texts}) AS t ({names})
	WHERE r.tenant_id = $1 AND r.day >= $2 AND r.day < $3 AND {same}
	RETURNING r.tenant_id, r.day
)
INSERT INTO ingest.changed_days (tenant_id, day)
SELECT DISTINCT tenant_id, day
FROM rewritten
ORDER BY day
ON CONFLICT (tenant_id, day) DO UPDATE
SET change_xid = excluded.change_xid
RETURNING day
