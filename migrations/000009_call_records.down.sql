ALTER TABLE ingest.runs DROP COLUMN trees;
DROP TABLE ingest.expansions;
DROP TABLE teams.media_streams;
DROP TABLE teams.media_endpoints;
DROP TABLE teams.segment_media;
DROP TABLE teams.segment_endpoints;
DROP TABLE teams.segments;
DROP TABLE teams.session_endpoints;
DROP TABLE teams.sessions;
DROP TABLE teams.call_participants;
DROP TABLE teams.call_record_versions;
DROP TABLE teams.call_records;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 8';
