-- Keeps elements raw, those with the same text once. One that is kept already is
-- open again, with what is said of it now, unless someone has dropped it. One that is not
-- stored is of the time when it was served last: tried again, it must not give way to what
-- was stored before that.
INSERT INTO ingest.rejects AS r
	(tenant_id, endpoint, sha256, key, reason, stored, raw, run_id, served_at, slot_from, slot_to)
SELECT DISTINCT ON (sha256)
	$1::uuid, $2, sha256, key, reason, stored, raw, $3::bigint, served_at, slot_from, slot_to
FROM unnest($4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::bytea[],
		$9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
	AS new (sha256, key, reason, stored, raw, served_at, slot_from, slot_to)
ORDER BY sha256, stored
ON CONFLICT (tenant_id, endpoint, sha256) DO UPDATE
SET reason = excluded.reason,
	stored = excluded.stored,
	served_at = greatest(r.served_at, excluded.served_at),
	slot_from = coalesce(excluded.slot_from, r.slot_from),
	slot_to = coalesce(excluded.slot_to, r.slot_to),
	resolved_at = NULL,
	resolution = NULL
WHERE r.resolution IS DISTINCT FROM 'dropped'
	AND (r.resolved_at IS NOT NULL
		OR (r.reason, r.stored) <> (excluded.reason, excluded.stored)
		OR (r.slot_from, r.slot_to) IS DISTINCT FROM
			(coalesce(excluded.slot_from, r.slot_from), coalesce(excluded.slot_to, r.slot_to))
		OR NOT excluded.stored AND r.served_at < excluded.served_at)
