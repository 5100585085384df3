-- What is to be computed for the notes of days $1: the day of a rollup, for the
-- tenants noted. A day that reads rows which retention may have deleted is left out.
WITH noted AS (
	SELECT DISTINCT s.tenant_id, s.source, d.day
	FROM rollup.stale s
	JOIN rollup.stale_days d USING (at)
	WHERE d.day = ANY ($1::date[])
), work AS (
	SELECT DISTINCT v.name, v.position, v.sources, v.touches_neighbours, n.tenant_id, n.day + beside AS day
	FROM noted n
	JOIN rollup.views v ON n.source = ANY (v.sources)
	CROSS JOIN generate_series(-v.touches_neighbours::int, v.touches_neighbours::int) AS beside
)
SELECT w.name, w.day, array_agg(w.tenant_id::text)
FROM work w
JOIN ref.days d USING (day)
WHERE NOT EXISTS (
	SELECT 1
	FROM rollup.frozen f
	WHERE f.tenant_id = w.tenant_id AND f.source = ANY (w.sources)
		AND f.before > d.from_at
			- CASE WHEN w.touches_neighbours THEN interval '25 hours' ELSE interval '10 minutes' END
)
GROUP BY w.position, w.day, w.name
ORDER BY w.position, w.day, w.name
