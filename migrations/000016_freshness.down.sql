DROP TABLE ingest.grants;
DROP VIEW analytics.unknown_fields;
DROP VIEW live.rows_with_unknown;
DROP VIEW analytics.ingest_coverage;
DROP VIEW analytics.ingest_freshness;
DROP VIEW live.row_times;
DROP VIEW live.endpoint_states;

UPDATE ingest.schema_version SET version = 15;
