DROP TABLE ingest.parked;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 3';
