-- Which days have rows, and when what is shown of them last changed. Who copies
-- views by day notes the transaction, and copies the day again when it has another.
-- Refreshes come one after the other: a later one has a higher number. The feed names
-- rows by their key: it cannot tell the day that a row has left.
CREATE TABLE ingest.changed_days (
    tenant_id  uuid NOT NULL,
    day        date NOT NULL,
    change_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, day)
);

COMMENT ON TABLE ingest.changed_days IS 'Days of which something was computed anew (by a refresh of the rollups), for those who copy views by day.';
COMMENT ON COLUMN ingest.changed_days.tenant_id IS 'Entra tenant id.';
COMMENT ON COLUMN ingest.changed_days.day IS 'Day in the report time zone (ref.days).';
COMMENT ON COLUMN ingest.changed_days.change_xid IS 'Transaction of the last refresh of the day: it saw all that had changed before.';

UPDATE ingest.schema_version SET version = 18;
