-- Locks the call records of tenants $1 from $2 on and before $3. Who replaces their details at this moment is
-- waited for here, so that what deletes them then sees the new ones.
SELECT 1
FROM teams.call_records
WHERE tenant_id = ANY ($1::text[]::uuid[])
	AND (start_at >= $2 AND start_at < $3 OR start_at IS NULL AND ingested_at < $3)
ORDER BY tenant_id, id
FOR UPDATE
