-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.parked WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.rejects WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.acknowledgements WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.backfills WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.marks WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.endpoints WHERE endpoint = 'pstn_blocked_users_log';
DELETE FROM ingest.tombstones WHERE table_name = 'pstn_blocked_users_log';

DROP TABLE teams.pstn_blocked_users_log;

UPDATE ingest.schema_version SET version = 5;
