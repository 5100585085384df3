-- Has no figures of days before $2 computed any more, of tenants $1.
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, s.name, $2
FROM unnest($1::text[]) AS t
CROSS JOIN rollup.sources s
ORDER BY t, s.name
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before
