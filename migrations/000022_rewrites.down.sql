DROP TABLE ingest.rewrites;

UPDATE ingest.schema_version SET version = 21;
