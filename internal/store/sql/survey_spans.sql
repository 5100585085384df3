-- What the ledger says of the time of every endpoint, but for what is settled
-- without a gap since the origin. Behind the cut, which is where Graph's reach at
-- $1 begins or a little before it, only the gaps are listed, so that it costs
-- little however long ago something was lost. Of no tenant: the members without a
-- column, and since when rollups are stale.
WITH e AS (
	SELECT tenant_id, endpoint, origin, settled_until, {cut} AS cut,
		greatest(settled_until, {cut}) AS mark
	FROM ingest.endpoints e
)
SELECT e.tenant_id, e.endpoint, 'slot', s.slot_from, s.slot_to, s.read_at, s.settled, 0, ''
FROM e
CROSS JOIN LATERAL (
	SELECT * FROM ingest.slots s
	WHERE s.tenant_id = e.tenant_id AND s.endpoint = e.endpoint
		AND s.slot_from > e.mark - interval '1 day' AND s.slot_to > e.mark
	OFFSET 0 -- or all slots are read, for a hash join
) s
UNION ALL
SELECT e.tenant_id, e.endpoint, 'failed', p.slot_from, p.slot_to, p.since, false, p.failures, p.code
FROM e
JOIN ingest.parked p ON p.tenant_id = e.tenant_id AND p.endpoint = e.endpoint AND p.slot_to > e.mark
UNION ALL
SELECT e.tenant_id, e.endpoint, 'gap', g.gap_from, g.gap_to, NULL, false, 0, ''
FROM e
CROSS JOIN LATERAL (
	SELECT lag(slot_to, 1, e.settled_until) OVER (ORDER BY slot_from) AS gap_from, slot_from AS gap_to
	FROM (
		SELECT s.slot_from, s.slot_to
		FROM ingest.slots s
		WHERE s.tenant_id = e.tenant_id AND s.endpoint = e.endpoint AND s.settled
			AND s.slot_from > e.settled_until - interval '1 day' AND s.slot_to > e.settled_until AND s.slot_from < e.cut
		UNION ALL
		SELECT c.cut, c.cut FROM (VALUES (e.cut)) c (cut)
	) settled
) g
WHERE e.settled_until < e.cut AND g.gap_from < g.gap_to
UNION ALL
SELECT e.tenant_id, e.endpoint, 'acknowledged', a.span_from, a.span_to, NULL, false, 0, ''
FROM e
JOIN ingest.acknowledgements a ON a.tenant_id = e.tenant_id AND a.endpoint = e.endpoint AND a.call_id IS NULL
	AND a.span_to > least(e.settled_until, $1::timestamptz - $2::interval)
UNION ALL
SELECT e.tenant_id, e.endpoint, 'rejects', j.slot_from, j.slot_to, NULL, false, count(*), ''
FROM e
JOIN ingest.rejects j ON j.tenant_id = e.tenant_id AND j.endpoint = e.endpoint AND j.resolved_at IS NULL
	AND NOT j.stored AND j.slot_to > $1::timestamptz - $2::interval
GROUP BY e.tenant_id, e.endpoint, j.slot_from, j.slot_to
UNION ALL
SELECT c.tenant_id, 'call_records', 'records', min(c.reach_from), max(c.reach_from), NULL,
	bool_and(coalesce(x.state = 'parked', false)), count(*), ''
FROM teams.call_records c
JOIN e ON e.tenant_id = c.tenant_id AND e.endpoint = 'call_records'
LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
WHERE c.pending AND c.reach_from >= greatest(e.origin, $1::timestamptz - $2::interval)
	AND NOT EXISTS (
		SELECT 1 FROM ingest.acknowledgements a
		WHERE a.tenant_id = c.tenant_id AND a.endpoint = 'call_records' AND a.call_id = c.id
	)
GROUP BY c.tenant_id, date_trunc('hour', c.reach_from)
UNION ALL
SELECT '00000000-0000-0000-0000-000000000000', u.endpoint, 'unknown', u.first_seen_at, u.first_seen_at,
	NULL, false, 0, u.member
FROM ingest.unknown_members u
UNION ALL
SELECT '00000000-0000-0000-0000-000000000000', '', 'stale', min(s.noted_at), min(s.noted_at), min(s.noted_at),
	false, 0, ''
FROM rollup.stale s
WHERE s.at < now()
HAVING count(*) > 0
ORDER BY 1, 2, 4
