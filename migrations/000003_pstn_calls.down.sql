-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.rejects WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.endpoints WHERE endpoint = 'pstn_calls';

DROP TABLE teams.pstn_calls;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 2';
