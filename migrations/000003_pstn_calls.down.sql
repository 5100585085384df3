-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.parked WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.rejects WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.acknowledgements WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.backfills WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.marks WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.endpoints WHERE endpoint = 'pstn_calls';
DELETE FROM ingest.tombstones WHERE table_name = 'pstn_calls';

DROP TABLE teams.pstn_calls;

UPDATE ingest.schema_version SET version = 2;
