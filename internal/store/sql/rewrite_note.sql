-- Notes for the rollups the hours in which staged rows count.
INSERT INTO rollup.stale (tenant_id, source, at)
SELECT DISTINCT tenant_id, '{table}', date_bin('1 hour', {time}, '2000-01-01Z')
FROM {stage}
WHERE {time} IS NOT NULL
