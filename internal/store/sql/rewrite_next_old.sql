-- The keys of the next rows of tenant $1 from time $2 on and before $3, as texts, with their
-- times: some $4, and all that have the time of the last.
SELECT ARRAY[{texts}], at
FROM (
	SELECT {key}, {time} AS at
	FROM teams.{table}
	WHERE tenant_id = $1 AND {time} >= $2 AND {time} < $3
	ORDER BY {time}
	FETCH FIRST ($4) ROWS WITH TIES
) AS slice
ORDER BY {key}
