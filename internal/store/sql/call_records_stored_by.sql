-- Names those of the staged records whose details a run has stored at the very
-- version that is staged.
SELECT t.id::text
FROM teams.call_records t
JOIN {stage} s ON s.tenant_id = t.tenant_id AND s.id = t.id AND s.version = t.details_version
WHERE t.tenant_id = $1 AND t.run_id = $2
