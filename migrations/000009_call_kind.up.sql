-- The kind of a call as a column: as an expression it would look at the sessions
-- of each call, which slows every view that asks for it.

ALTER TABLE teams.call_records ADD COLUMN call_kind text;

COMMENT ON COLUMN teams.call_records.call_kind IS 'group or p2p, by type; where type says neither, a call of several sessions or with a service other than a mediation server or gateway is a group call. Null until the details are stored.';

-- New details are stored with their kind. Those that are stored get it here. Their
-- change_xid stays, as nobody follows changes yet.
UPDATE teams.call_records c
SET call_kind = CASE
	WHEN lower(c.type) = 'groupcall' THEN 'group'
	WHEN lower(c.type) = 'peertopeer' THEN 'p2p'
	WHEN c.session_count > 1 THEN 'group'
	WHEN EXISTS (
		SELECT FROM teams.session_endpoints e
		WHERE e.tenant_id = c.tenant_id AND e.call_id = c.id AND e.endpoint_type = 'service'
			AND coalesce(lower(e.service_role), '') NOT IN (
				'mediationserver', 'mediationservercloudconnectoredition', 'gateway')
	) THEN 'group'
	ELSE 'p2p'
END
WHERE c.details_version IS NOT NULL;

UPDATE ingest.schema_version SET version = 9;
