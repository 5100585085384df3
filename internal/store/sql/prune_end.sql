-- The time of the row that comes after $4 others of tenants $1, from $2 on and before $3.
SELECT {time}
FROM teams.{table}
WHERE tenant_id = ANY ($1::text[]::uuid[]) AND {time} >= $2 AND {time} < $3
ORDER BY {time}
LIMIT 1 OFFSET $4
