DROP TABLE teams.pstn_calls;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 2';
