-- The keys of the next $3 rows of tenant $1 from key $2 on, as texts.
SELECT ARRAY[{texts}]
FROM teams.{table}
WHERE tenant_id = $1 AND ({key}) >= ({from})
ORDER BY {key}
LIMIT $3
