-- How many minutes pass between two readings of each endpoint that is read, of the slowest tenant.
SELECT endpoint, greatest(20, max(coalesce(interval_s, 86400)) / 60)
FROM ingest.endpoints
WHERE enabled AND removed_at IS NULL
GROUP BY endpoint
