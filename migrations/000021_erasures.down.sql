DROP TABLE ingest.erasures;

UPDATE ingest.schema_version SET version = 20;
