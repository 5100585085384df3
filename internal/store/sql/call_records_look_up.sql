SELECT id::text, version
FROM teams.call_records
WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
