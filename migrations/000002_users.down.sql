DROP TABLE teams.users;
DROP SCHEMA teams;

UPDATE ingest.schema_version SET version = 1;
