DROP VIEW live.pstn_matches;
DROP TABLE rollup.pstn_matches;
DROP FUNCTION rollup.note_all();
DROP FUNCTION rollup.note(uuid, text, timestamptz, timestamptz);
DROP TABLE rollup.sources;
DROP VIEW rollup.lists;
DROP FUNCTION rollup.digest(regclass);
DROP VIEW rollup.stale_days;
DROP TABLE rollup.digests;
DROP TABLE rollup.views;
DROP TABLE rollup.frozen;
DROP TABLE rollup.stale;

UPDATE ingest.schema_version SET version = 11;
