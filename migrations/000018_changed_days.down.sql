DROP TABLE ingest.changed_days;

UPDATE ingest.schema_version SET version = 17;
