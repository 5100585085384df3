-- Has one row stay of those of a rollup, of tenant $1 and days $2, that say the same once they
-- are rewritten: what was stored as before and as it is now counts once. That the day is computed
-- anew would leave both, as it only looks whether a row is there. Of a day that is never computed
-- again nobody can tell.
WITH gone AS (
	DELETE FROM rollup.{view} r
	USING rollup.views v, ref.days d
	WHERE r.tenant_id = $1 AND r.day = ANY ($2::date[]) AND v.name = '{view}' AND d.day = r.day
		AND r IN (
			SELECT t
			FROM rollup.{view} t
			WHERE t.tenant_id = $1 AND t.day = ANY ($2::date[])
			GROUP BY t
			HAVING count(*) > 1
		)
		AND NOT EXISTS (
			SELECT 1
			FROM rollup.frozen f
			WHERE f.tenant_id = r.tenant_id AND f.source = ANY (v.sources)
				AND f.before > d.from_at
					- CASE WHEN v.touches_neighbours THEN interval '25 hours' ELSE interval '10 minutes' END
		)
	RETURNING r.*
)
INSERT INTO rollup.{view}
SELECT DISTINCT *
FROM gone
