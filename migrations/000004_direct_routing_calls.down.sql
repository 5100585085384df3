-- What is read again after a later step up must not count as read.
DELETE FROM ingest.slots WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.parked WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.rejects WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.acknowledgements WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.backfills WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.marks WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.endpoints WHERE endpoint = 'direct_routing_calls';
DELETE FROM ingest.tombstones WHERE table_name = 'direct_routing_calls';

DROP TABLE teams.direct_routing_calls;

UPDATE ingest.schema_version SET version = 3;
