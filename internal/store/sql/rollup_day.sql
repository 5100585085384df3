-- Computes day $1 of a rollup for tenants $2. Rows that stay the same are not written.
-- NOT IN is a look into a hash table, whatever the planner expects: of a day that is
-- newer than the statistics it expects one row, and would compare each with each.
WITH fresh AS MATERIALIZED (
	SELECT l.*
	FROM live.{view} l
	WHERE l.day = $1 AND l.tenant_id = ANY ($2::uuid[])
), gone AS (
	DELETE FROM rollup.{view} r
	WHERE r.day = $1 AND r.tenant_id = ANY ($2::uuid[]) AND r NOT IN (SELECT f FROM fresh f)
	RETURNING 1
)
INSERT INTO rollup.{view}
SELECT *
FROM fresh f
WHERE f NOT IN (SELECT r FROM rollup.{view} r WHERE r.day = $1 AND r.tenant_id = ANY ($2::uuid[]))
	AND (SELECT count(*) FROM gone) >= 0 -- which deletes before anything is inserted
{taken}
