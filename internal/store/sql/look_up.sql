-- Each row is looked for by itself, by its key: for all ids at once the planner might choose another index, and read
-- all rows of the tenant.
SELECT stored.*
FROM unnest($2::{id_type}[]) AS wanted (id)
CROSS JOIN LATERAL (
	SELECT {id}::text, row_hash, updated_at
	FROM teams.{table}
	WHERE tenant_id = $1 AND {id} = wanted.id{of_day}
	LIMIT 1
) AS stored
