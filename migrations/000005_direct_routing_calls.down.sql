DROP TABLE teams.direct_routing_calls;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 4';
