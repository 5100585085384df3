DROP TABLE teams.pstn_blocked_users_log;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 6';
