DROP TABLE ingest.tombstones;
DROP TABLE ingest.rejects;
DROP TABLE ingest.runs;
DROP TABLE ingest.backfills;
DROP TABLE ingest.marks;
DROP TABLE ingest.acknowledgements;
DROP TABLE ingest.parked;
DROP TABLE ingest.slots;
DROP TABLE ingest.endpoints;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 0';
