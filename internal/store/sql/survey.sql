-- How every endpoint of every tenant stands at $1, one row each. Its cost depends
-- on what is pending, rejected or lost, not on how much is stored.
WITH rejects AS (
	SELECT tenant_id, endpoint, count(*) FILTER (WHERE NOT stored) AS open, count(*) FILTER (WHERE stored) AS stored,
		min(seen_at) FILTER (WHERE NOT stored) AS since
	FROM ingest.rejects
	WHERE resolved_at IS NULL
	GROUP BY tenant_id, endpoint
), acknowledged AS (
	SELECT tenant_id, endpoint,
		(SELECT extract(epoch FROM sum(upper(s) - lower(s)))::bigint FROM unnest(spans) s) AS known_s
	FROM (
		SELECT tenant_id, endpoint, range_agg(tstzrange(span_from, span_to)) AS spans
		FROM ingest.acknowledgements
		WHERE call_id IS NULL
		GROUP BY tenant_id, endpoint
	) a
), running AS (
	SELECT DISTINCT ON (tenant_id, endpoint) *
	FROM ingest.runs
	WHERE finished_at IS NULL
	ORDER BY tenant_id, endpoint, heartbeat_at DESC
), pending AS (
	SELECT c.tenant_id, c.reach_from, x.state, x.since, x.code, c.reach_from < $1::timestamptz - e.reach AS gone,
		CASE WHEN c.reach_from < $1::timestamptz - e.reach THEN EXISTS (
			SELECT 1 FROM ingest.acknowledgements a
			WHERE a.tenant_id = c.tenant_id AND a.endpoint = 'call_records'
				AND (a.call_id = c.id OR a.call_id IS NULL AND a.span_from <= c.reach_from AND a.span_to > c.reach_from)
		) END AS known,
		-- When Graph first named the version that is wanted. Of a record never
		-- stored it is the time of the row.
		CASE WHEN x.call_id IS NOT NULL THEN NULL
			WHEN c.details_version IS NULL THEN c.updated_at
			ELSE (
				SELECT v.seen_at FROM teams.call_record_versions v
				WHERE v.tenant_id = c.tenant_id AND v.call_id = c.id AND v.version = c.version
			)
		END AS named_at
	FROM teams.call_records c
	JOIN ingest.endpoints e ON e.tenant_id = c.tenant_id AND e.endpoint = 'call_records'
	LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
	WHERE c.pending AND c.reach_from >= greatest(e.origin, e.details_kept_from)
), records AS (
	SELECT tenant_id,
		count(*) FILTER (WHERE NOT gone) AS pending,
		count(*) FILTER (WHERE NOT gone AND state IS NULL) AS due,
		count(*) FILTER (WHERE NOT gone AND state = 'parked') AS parked,
		min(since) FILTER (WHERE NOT gone AND state = 'parked') AS parked_since,
		(array_agg(code ORDER BY since) FILTER (WHERE NOT gone AND state = 'parked'))[1] AS parked_code,
		min(reach_from) FILTER (WHERE NOT gone) AS oldest,
		min(reach_from) FILTER (WHERE NOT gone AND state IS NOT NULL) AS oldest_failed,
		min(named_at) FILTER (WHERE NOT gone) AS named_at,
		count(*) FILTER (WHERE gone AND NOT known) AS lost,
		count(*) FILTER (WHERE gone AND known) AS acknowledged,
		min(reach_from) FILTER (WHERE gone AND NOT known) AS first_lost
	FROM pending
	GROUP BY tenant_id
)
SELECT {endpoint},
	clock_timestamp(), current_setting('server_version'), (SELECT version FROM ingest.schema_version),
	t.name, t.cloud, t.credential_kind, t.credential_ends_at, t.clock_skew_s,
	n.tenant_id IS NOT NULL, n.expires_at, n.notified_at, n.missed_at, n.error,
	d.daemon_id, d.host, d.version, d.started_at, d.heartbeat_at,
	r.run_id, r.started_at, r.heartbeat_at, r.waiting_until, r.window_from, r.window_to,
	r.slots, r.slots_done, r.rows_seen, r.details,
	l.finished_at, extract(epoch FROM l.finished_at - l.started_at)::double precision,
	l.slots_done, l.rows_seen, l.details,
	coalesce(j.open, 0), coalesce(j.stored, 0), j.since,
	coalesce(c.pending, 0), coalesce(c.due, 0), coalesce(c.parked, 0), c.parked_since, c.parked_code,
	c.oldest, c.oldest_failed, c.named_at,
	coalesce(c.lost, 0), coalesce(c.acknowledged, 0), c.first_lost,
	coalesce(a.known_s, 0),
	{cut},
	e.kept_from, e.details_kept_from, p.position[1]::timestamptz
FROM ingest.endpoints e
LEFT JOIN ingest.tenants t USING (tenant_id)
LEFT JOIN ingest.daemons d USING (daemon_id)
LEFT JOIN ingest.subscriptions n ON n.tenant_id = e.tenant_id
LEFT JOIN running r ON r.tenant_id = e.tenant_id AND r.endpoint = e.endpoint
LEFT JOIN LATERAL (
	SELECT * FROM ingest.runs r
	WHERE r.tenant_id = e.tenant_id AND r.endpoint = e.endpoint AND r.finished_at IS NOT NULL
	ORDER BY r.run_id DESC
	LIMIT 1
) l ON true
LEFT JOIN rejects j ON j.tenant_id = e.tenant_id AND j.endpoint = e.endpoint
LEFT JOIN acknowledged a ON a.tenant_id = e.tenant_id AND a.endpoint = e.endpoint
LEFT JOIN records c ON c.tenant_id = e.tenant_id AND e.endpoint = 'call_records'
LEFT JOIN ingest.rewrites p ON p.tenant_id = e.tenant_id AND p.endpoint = e.endpoint AND p.name = 'personal'
ORDER BY e.tenant_id, e.endpoint
