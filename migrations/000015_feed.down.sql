DROP VIEW analytics.change_feed;

DROP INDEX teams.call_records_feed;
DROP INDEX teams.pstn_calls_feed;
DROP INDEX teams.direct_routing_calls_feed;
DROP INDEX teams.sms_messages_feed;
DROP INDEX teams.pstn_blocked_users_log_feed;
DROP INDEX teams.dialout_report_feed;
DROP INDEX ingest.tombstones_feed;

DROP FUNCTION ingest.feed_hold_back();
DROP FUNCTION ingest.feed_epoch();
DROP FUNCTION ingest.feed_horizon();

COMMENT ON COLUMN ingest.tombstones.op IS 'delete: Graph no longer names it.';

UPDATE ingest.schema_version SET version = 14;
