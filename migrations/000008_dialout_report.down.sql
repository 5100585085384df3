-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'dialout_report';
DELETE FROM ingest.parked WHERE endpoint = 'dialout_report';
DELETE FROM ingest.rejects WHERE endpoint = 'dialout_report';
DELETE FROM ingest.endpoints WHERE endpoint = 'dialout_report';

DROP TABLE teams.dialout_report;
DROP TABLE ingest.tombstones;

COMMENT ON SCHEMA ingest IS 'ingestd: state of the daemon, schema version 7';
