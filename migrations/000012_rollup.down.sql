DROP VIEW live.pstn_matches;
DROP SCHEMA live;
DROP SCHEMA rollup CASCADE;

UPDATE ingest.schema_version SET version = 11;
