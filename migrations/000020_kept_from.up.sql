-- Retention: before when rows of an endpoint may have been deleted because they had
-- been kept as long as wanted. What is stored later passes over elements of that time.
ALTER TABLE ingest.endpoints
    ADD COLUMN kept_from timestamptz,
    ADD COLUMN details_kept_from timestamptz;

COMMENT ON COLUMN ingest.endpoints.kept_from IS 'Before when rows may have been deleted by retention; null: none were. What Graph still says of that time is not stored. It never moves back.';
COMMENT ON COLUMN ingest.endpoints.details_kept_from IS 'Of call records: before when details may have been deleted by retention, while the call stays; null: none were. It never moves back.';

CREATE INDEX pstn_blocked_users_log_block ON teams.pstn_blocked_users_log (block_at);

UPDATE ingest.schema_version SET version = 20;
