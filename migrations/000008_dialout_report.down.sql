DROP TABLE teams.dialout_report;
DROP TABLE ingest.tombstones;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 7';
