ALTER TABLE teams.call_records DROP COLUMN call_kind;

UPDATE ingest.schema_version SET version = 8;
