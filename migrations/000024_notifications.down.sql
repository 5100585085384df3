DROP TABLE ingest.told_records;
DROP TABLE ingest.subscriptions;

UPDATE ingest.schema_version SET version = 23;
