-- Stores the staged rows in key order. A stored row is replaced by one that
-- says something else and is newer, or that is older by more than an hour: the
-- stored one came from a clock that was ahead. It tells when each was stored first.
INSERT INTO teams.{table} AS t ({columns}, change_xid)
SELECT {columns}, pg_current_xact_id()
FROM {stage}
ORDER BY {key}
ON CONFLICT ({key}) DO UPDATE
SET {set},
	change_xid = excluded.change_xid
WHERE t.row_hash <> excluded.row_hash
	AND (t.updated_at < excluded.updated_at OR t.updated_at - excluded.updated_at > interval '1 hour')
RETURNING {id}::text, ingested_at
