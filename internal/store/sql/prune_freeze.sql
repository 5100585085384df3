-- Has no figures of days before $2 computed any more, of tenants $1, from rows of any endpoint but those of $3, which
-- are kept.
INSERT INTO rollup.frozen AS f (tenant_id, source, before)
SELECT t::uuid, s.name, $2
FROM unnest($1::text[]) AS t
CROSS JOIN rollup.sources s
WHERE s.name <> ALL (coalesce($3::text[], '{}'))
ORDER BY t, s.name
ON CONFLICT (tenant_id, source) DO UPDATE
SET before = excluded.before
WHERE f.before < excluded.before
