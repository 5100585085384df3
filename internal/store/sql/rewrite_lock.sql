-- Locks rows by their keys, in the order given, and reads them as they are under the
-- lock, each with the number of its key. Each is looked for by itself, as in look_up.sql.
SELECT n, stored.*
FROM unnest({keys}) WITH ORDINALITY AS wanted ({key}, n)
CROSS JOIN LATERAL (
	SELECT {stored}
	FROM teams.{table} t
	WHERE t.tenant_id = $1 AND ({qualified}) = ({wanted})
	LIMIT 1
	FOR UPDATE
) AS stored
