-- What the views of schema analytics read: the endpoints whose rows they show, and whether they read
-- these rows themselves or only daily figures made of them.
WITH RECURSIVE reads AS (
	SELECT c.oid AS view, c.oid AS relation
	FROM pg_class c
	WHERE c.relnamespace = 'analytics'::regnamespace AND c.relkind = 'v'
	UNION
	SELECT reads.view, d.refobjid
	FROM reads
	JOIN pg_rewrite r ON r.ev_class = reads.relation
	JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		AND d.refclassid = 'pg_class'::regclass
), tables AS (
	SELECT v.relname::text AS view, n.nspname AS schema, c.relname::text AS name
	FROM reads
	JOIN pg_class v ON v.oid = reads.view
	JOIN pg_class c ON c.oid = reads.relation AND c.relkind IN ('r', 'p')
	JOIN pg_namespace n ON n.oid = c.relnamespace
), endpoints AS (
	-- A table that is no endpoint is one of the details of call records.
	SELECT view, true AS reads_rows, coalesce(e.name, 'call_records') AS endpoint
	FROM tables
	LEFT JOIN rollup.sources AS e USING (name)
	WHERE schema = 'teams' AND name <> 'users'
	UNION ALL
	SELECT view, false, unnest(sources)
	FROM tables
	JOIN rollup.views v USING (name)
	WHERE schema = 'rollup'
)
SELECT view, bool_or(reads_rows), array_agg(DISTINCT endpoint)
FROM endpoints
GROUP BY view
