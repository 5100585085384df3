-- Stores the staged headers, in the order of their ids, each unless details of
-- its version or a higher one are stored. The rows written are locked until the
-- end of the transaction, so that nobody else writes details of theirs. It tells
-- when each was stored first, and what the names of the tables end in that hold its
-- details.
INSERT INTO teams.call_records AS t ({columns}, details_version, details_at, change_xid)
SELECT {columns}, version, now(), pg_current_xact_id()
FROM {stage}
ORDER BY {key}
ON CONFLICT ({key}) DO UPDATE
SET {set},
	version = greatest(t.version, excluded.version),
	session_count = excluded.session_count,
	call_kind = excluded.call_kind,
	details_version = excluded.details_version,
	details_at = excluded.details_at,
	change_xid = excluded.change_xid
WHERE t.details_version IS NULL OR t.details_version < excluded.details_version
RETURNING id::text, ingested_at, {month_of}
