DROP TABLE teams.users;
DROP SCHEMA teams;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 1';
