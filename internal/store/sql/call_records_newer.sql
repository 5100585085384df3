-- The staged records of which details of their version or a higher one are
-- stored.
SELECT t.id::text
FROM {stage} s
JOIN teams.call_records t ON t.tenant_id = s.tenant_id AND t.id = s.id
WHERE t.details_version >= s.version
