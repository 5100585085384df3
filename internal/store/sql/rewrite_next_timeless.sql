-- The keys, as texts, of the rows of tenant $1 that have no time, and were stored before $2.
SELECT ARRAY[{texts}]
FROM teams.{table}
WHERE tenant_id = $1 AND {time} IS NULL AND ingested_at < $2
ORDER BY {key}
