-- The functions that views and statements call beside the rows, and that Citus does
-- not have on every node yet.
SELECT p.oid::regprocedure::text
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('analytics', 'live') AND p.prokind = 'f'
	AND NOT EXISTS (
		SELECT 1 FROM pg_dist_object o WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid
	)
ORDER BY 1
