-- Computes day $1 of a rollup for tenants $2. Rows that stay the same are not written.
WITH fresh AS MATERIALIZED (
	SELECT l AS line
	FROM live.{view} l
	WHERE l.day = $1 AND l.tenant_id = ANY ($2)
), gone AS (
	DELETE FROM rollup.{view} r
	-- For a day that is a constant, and newer than the statistics, the planner expects
	-- one row, and compares each with each.
	WHERE r.day = (SELECT $1::date) AND r.tenant_id = ANY ($2)
		AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.line = r)
	RETURNING 1
)
INSERT INTO rollup.{view}
SELECT (line).*
FROM fresh
WHERE NOT EXISTS (
		SELECT 1
		FROM rollup.{view} r
		WHERE r.day = (SELECT $1::date) AND r.tenant_id = ANY ($2) AND r = fresh.line
	)
	AND (SELECT count(*) FROM gone) >= 0 -- which deletes before anything is inserted
