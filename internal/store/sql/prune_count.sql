-- How many rows of tenants $1 are before $2, from {begins} on, and from when to when.
SELECT r.tenant_id, count(*), min({time}), max({time})
FROM teams.{table} r
JOIN ingest.endpoints e ON e.tenant_id = r.tenant_id AND e.endpoint = '{table}'
WHERE r.tenant_id = ANY ($1::text[]::uuid[])
	AND ({time} >= {begins} AND {time} < $2 OR {time} IS NULL AND r.ingested_at < $2)
GROUP BY r.tenant_id
