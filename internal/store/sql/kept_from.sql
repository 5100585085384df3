-- Before when rows of an endpoint may have been deleted by retention; null if none were.
SELECT greatest(kept_from, details_kept_from)
FROM ingest.endpoints
WHERE tenant_id = $1 AND endpoint = $2
