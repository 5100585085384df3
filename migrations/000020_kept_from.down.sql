DROP INDEX teams.pstn_blocked_users_log_block;

ALTER TABLE ingest.endpoints
    DROP COLUMN details_kept_from,
    DROP COLUMN kept_from;

UPDATE ingest.schema_version SET version = 19;
