-- Stores the staged headers that a list named. A record never seen is inserted.
-- Of another only the version is raised, which is no change for those who
-- follow change_xid. A raised version is tried at once, whatever became of the
-- one before, and what notifications told of the record is known then.
WITH written AS (
	INSERT INTO teams.call_records AS t ({columns}, change_xid)
	SELECT {columns}, pg_current_xact_id()
	FROM {stage}
	ORDER BY {key}
	ON CONFLICT ({key}) DO UPDATE
	SET version = excluded.version
	WHERE t.version < excluded.version
	RETURNING t.tenant_id, t.id
), noted AS (
	INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
	SELECT tenant_id, id, version, last_modified_at, updated_at
	FROM {stage}
	ORDER BY {key}
	ON CONFLICT DO NOTHING
), retried AS (
	DELETE FROM ingest.details_retries r
	USING written w
	WHERE r.tenant_id = w.tenant_id AND r.call_id = w.id
), told AS (
	DELETE FROM ingest.told_records r
	USING written w
	WHERE r.tenant_id = w.tenant_id AND r.call_id = w.id
)
SELECT id::text FROM written
