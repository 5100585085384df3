-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'dialout_report';
DELETE FROM ingest.parked WHERE endpoint = 'dialout_report';
DELETE FROM ingest.rejects WHERE endpoint = 'dialout_report';
DELETE FROM ingest.acknowledgements WHERE endpoint = 'dialout_report';
DELETE FROM ingest.backfills WHERE endpoint = 'dialout_report';
DELETE FROM ingest.marks WHERE endpoint = 'dialout_report';
DELETE FROM ingest.endpoints WHERE endpoint = 'dialout_report';
DELETE FROM ingest.tombstones WHERE table_name = 'dialout_report';

DROP TABLE teams.dialout_report;

UPDATE ingest.schema_version SET version = 6;
