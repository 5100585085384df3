-- How many rows of tenant $1 happened before $2 and are not rewritten for that, and from when to when.
SELECT $1::uuid, count(*), min({time}), max({time})
FROM teams.{table}
WHERE tenant_id = $1 AND {time} >= $3 AND {time} < $2
HAVING count(*) > 0
