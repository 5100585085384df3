SELECT tenant_id
FROM ingest.tenants
UNION
SELECT tenant_id
FROM ingest.changed_days
ORDER BY 1
