-- What role $1 may read of the data that access $2 (to the data of tenant $3) does
-- not allow.
WITH {allowed}
SELECT DISTINCT format('%I.%I', r.schema, r.name)
FROM asked
CROSS JOIN relations r
CROSS JOIN unnest(r.columns) AS readable
WHERE (r.schema IN ('ingest', 'teams', 'ref', 'rollup', 'live', 'analytics') OR r.schema = ANY (asked.tenants))
	AND has_schema_privilege(asked.oid, r.schema, 'USAGE')
	AND has_column_privilege(asked.oid, r.oid, readable, 'SELECT')
	AND NOT EXISTS (SELECT 1 FROM allowed_relations a WHERE a.oid = r.oid)
	AND NOT EXISTS (SELECT 1 FROM allowed_columns c WHERE c.oid = r.oid AND c.column_name = readable)
ORDER BY 1
