-- The tables that Citus is to hold, in the order in which they are given to it, and
-- how it holds each. What belongs to a tenant lies by tenant_id on one node with all
-- else of the tenant; of lists each node has a copy. The rest of the ledger and the
-- rollups stay on the coordinator: they are small there, and any SQL reads them.
WITH wanted AS (
	SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, n.nspname = 'ref' AS is_list
	FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
		AND (
			n.nspname IN ('ref', 'teams')
			OR n.nspname = 'ingest'
				AND c.relname IN ('acknowledgements', 'details_retries', 'told_records', 'tombstones')
			OR n.nspname = 'rollup' AND c.relname = 'pstn_matches'
		)
)
SELECT w.name, w.is_list,
	CASE WHEN p.logicalrelid IS NULL THEN 'nowhere'
		WHEN w.is_list AND p.partmethod = 'n' AND p.repmodel = 't' THEN 'placed'
		WHEN NOT w.is_list AND p.partmethod = 'h' AND p.colocationid = root.colocationid
			AND column_to_column_name(p.logicalrelid, p.partkey) = 'tenant_id' THEN 'placed'
		ELSE 'elsewhere'
	END AS state,
	coalesce(
		(SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(w.oid)),
		pg_total_relation_size(w.oid))::bigint AS bytes
FROM wanted w
LEFT JOIN pg_dist_partition p ON p.logicalrelid = w.oid
LEFT JOIN pg_dist_partition root ON root.logicalrelid = to_regclass('teams.call_records')
ORDER BY w.is_list DESC, w.name <> 'teams.call_records', w.name
