-- When a part begins and ends, the transaction that last changed what is shown of it, and whether
-- retention has deleted rows of it: of tenant $1, of one of the endpoints $4, in the days from $2 to
-- before $3.
SELECT
	min(d.from_at),
	max(d.to_at),
	coalesce(max(c.change_xid), '0')::text,
	EXISTS (
		SELECT 1
		FROM rollup.frozen f
		WHERE f.tenant_id = $1 AND f.source = ANY ($4) AND f.before > min(d.from_at)
	)
FROM ref.days d
LEFT JOIN ingest.changed_days c ON c.tenant_id = $1 AND c.day = d.day
WHERE d.day >= $2 AND d.day < $3
