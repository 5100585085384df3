DROP TABLE teams.sms_messages;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 5';
